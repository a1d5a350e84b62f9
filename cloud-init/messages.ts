// The catalogue of findings about user-data: a stable id -> rule, what was found, and hint, with
// {names} to fill.

export interface MessageRow {
  /** Of an error, unless it says otherwise. */
  severity?: 'warning';
  rule: string;
  found: string;
  hint: string;
}

/** docs/user-data.md shows them by their ids. Lower case, no full stop. */
export const messages = {
  'too-long': {
    rule: 'user-data has at most {lengthMax} bytes, as EC2 takes them',
    found: 'this has {length}',
    hint: 'a node needs its name and its pod-cidr only',
  },
  'unpacked-too-long': {
    rule: 'user-data has at most {lengthMax} bytes, also when unpacked',
    found: 'this {form} holds more',
    hint: 'a node needs its name and its pod-cidr only',
  },
  'not-unpacked': {
    rule: 'base64, gzip and MIME must be whole',
    found: 'this {form} {reason}',
    hint: 'pack it again, or write the line as it is: user-data is no secret',
  },
  'several-parts': {
    rule: 'one part of MIME is for groundup',
    found: 'there are {count}',
    hint: 'put all fields into one part of type text/x-groundup',
  },
  'part-without-fields': {
    rule: 'a part of type text/x-groundup has fields',
    found: 'this one is {form}',
    hint: 'write the fields into it, or give it the type of what it is',
  },
  'error-page': {
    rule: 'user-data is key=value fields',
    found: 'this is a page of a web server ({title})',
    hint: 'something stored the answer to a failed request as user-data; look at what launches the instance',
  },
  'not-a-field': {
    rule: 'a field is key=value',
    found: '"{text}" has no =',
    hint: 'fields are separated by | or new lines',
  },
  'look-alike': {
    rule: 'keys and values are plain ASCII',
    found: '"{letter}" is {code}{resembles}',
    hint: 'type it anew: {anew}',
  },
  'unknown-key': {
    rule: 'a key must be one that groundup knows',
    found: '{text} is none',
    hint: '{suggestion}known keys: {keys}',
  },
  'duplicate-key': {
    rule: 'a key is given once',
    found: 'the first one is at {place}',
    hint: 'remove one of them',
  },
  'missing-key': {
    rule: 'every node needs one',
    found: 'there is none',
    hint: 'example: {key}={example}',
  },
  'empty-value': {
    rule: 'a key has a value',
    found: 'nothing stands behind the =',
    hint: 'example: {key}={example}',
  },
  'quoted-value': {
    rule: 'a value stands as it is',
    found: '{value} is in quotes',
    hint: 'without them: {key}={bare}',
  },
  'unexpanded-variable': {
    rule: 'user-data has no variables',
    found: 'nothing has replaced {value}',
    hint: 'look at the template that makes this user-data; example: {key}={example}',
  },
  'bad-value': {
    rule: 'must be {form}',
    found: '{value} is not',
    hint: 'example: {key}={example}',
  },
  'host-bits': {
    rule: 'a range has no host bits',
    found: '{value} has host bits set',
    hint: 'the network of that address is {network}',
  },
  'range-size': {
    rule: 'must be between /{prefixMin} and /{prefixMax}',
    found: 'this is a /{prefix}',
    hint: '{reason}',
  },
  'reserved-range': {
    rule: 'must be a range for hosts',
    found: '{value} overlaps {range}, {use}',
    hint: 'choose a private range, e.g. {example}',
  },
  'pod-cidr-overlaps-service-cidr': {
    rule: 'an address is a pod or a Service',
    found: '{value} overlaps service-cidr {range}',
    hint: 'choose a range outside both service-cidr and the VPC',
  },
  'pod-cidr-overlaps-vpc': {
    rule: 'an address is a pod or of the VPC',
    found: '{value} overlaps the VPC range {range}',
    hint: 'choose a range outside both service-cidr and the VPC',
  },
  'pod-cidr-overlaps-subnet': {
    rule: 'an address is a pod or of the VPC',
    found: '{value} overlaps the subnet {range} of this instance',
    hint: 'choose a range outside both service-cidr and the VPC',
  },
  'service-cidr-overlaps-vpc': {
    severity: 'warning',
    rule: 'an address is a Service or of the VPC',
    found: '{value} overlaps the VPC range {range}, of which a Service hides addresses',
    hint: 'choose a service-cidr outside the VPC, for the API server, too',
  },
  'pod-cidr-in-group': {
    rule: 'instances of an autoscaling group share their user-data',
    found: 'all of this group would have {value}',
    hint: 'say pod-cidr=imds-prefix, or group-size=1 for a group of one',
  },
  'dns-address-outside': {
    rule: 'the DNS address is one of service-cidr',
    found: '{address} lies outside {range}',
    hint: 'the usual address in that range is {suggestion}',
  },
  'dns-address-reserved': {
    rule: 'the DNS address is one for a Service',
    found: '{address} is {use} of {range}',
    hint: 'the usual address in that range is {suggestion}',
  },
  'bad-label': {
    rule: 'a label is key=value as Kubernetes has them',
    found: '{part} {reason}',
    hint: 'example: {example}',
  },
  'reserved-label': {
    rule: 'a kubelet may not set labels of kubernetes.io and k8s.io, with few exceptions',
    found: '{label} is reserved',
    hint: 'choose a prefix of your own, or node.kubernetes.io/… (https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#noderestriction)',
  },
  'bad-taint': {
    rule: 'a taint is key=value:effect or key:effect',
    found: '{part} {reason}',
    hint: 'effects: {effects}; example: {example}',
  },
  'given-twice': {
    rule: 'each is given once',
    found: '{text} is there twice',
    hint: 'remove one of them',
  },
  'too-many-pods': {
    rule: 'max-pods must fit into pod-cidr',
    found: '{range} has room for {room} pods, not for {count}',
    hint: 'at most max-pods={room}, or a wider pod-cidr',
  },
  'no-prefixes': {
    rule: 'imds-prefix takes pods’ addresses from prefixes of the network interface',
    found: 'it has none',
    hint: 'Ipv4PrefixCount in the launch template’s network interface, or another pod-cidr',
  },
  'too-many-pods-for-prefixes': {
    rule: 'max-pods must fit into the prefixes of the network interface',
    found: '{prefixes} room for {room} pods, not for {count}',
    hint: 'at most max-pods={room}, or Ipv4PrefixCount {needed} in the launch template',
  },
  'same-as-baked': {
    severity: 'warning',
    rule: 'a key overrides what the image has',
    found: 'the image has {value}, too',
    hint: 'leave it out, and it follows the image',
  },
  'not-in-image': {
    rule: 'an override cannot ask for what the image was not baked for',
    found: 'it was baked for kube-proxy-mode {baked}',
    hint: 'bake one with kube-proxy-mode: {value}, or leave the key out',
  },
  'unused-node-name': {
    severity: 'warning',
    rule: 'node-name is for nodes that nothing else names',
    found: '{namer} names this one',
    hint: 'leave it out',
  },
  'reserved-name': {
    rule: 'shared and bootstrap are secrets of all nodes',
    found: '{value} would be the secret of this one',
    hint: 'give this node another name',
  },
  'public-range': {
    severity: 'warning',
    rule: 'pods have private addresses',
    found: '{value} belongs to somebody on the Internet, whom pods could not reach',
    hint: 'choose a private range, e.g. {example}',
  },
} as const satisfies Record<string, MessageRow>;

export type MessageId = keyof typeof messages;
