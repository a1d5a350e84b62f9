// The keys of user-data, in one table: parser, checker and docs/user-data.md read it.

export interface KeyRow {
  key: string;
  /** Must be present. */
  required: boolean;
  /** Overrides this setting of images/worker.yaml. */
  overridesSetting: boolean;
  /** An example that is valid. */
  example: string;
  meaning: string;
}

export const keyTable = [
  {
    key: 'name',
    required: true,
    overridesSetting: false,
    example: 'worker-0',
    meaning: 'the worker; with the cluster it names the secret and the certificate files',
  },
  {
    key: 'pod-cidr',
    required: true,
    overridesSetting: false,
    example: '172.20.0.0/24',
    meaning: "addresses of this worker's pods; no other worker has them",
  },
  {
    key: 'cluster',
    required: false,
    overridesSetting: true,
    example: 'k8s-cluster-from-ground-up',
    meaning: "the cluster's name, the first part of every file and secret name",
  },
  {
    key: 'service-cidr',
    required: false,
    overridesSetting: true,
    example: '10.32.0.0/24',
    meaning: "the API server's --service-cluster-ip-range",
  },
  {
    key: 'dns-address',
    required: false,
    overridesSetting: true,
    example: '10.32.0.10',
    meaning: 'cluster IP of the DNS Service, written into every pod',
  },
  {
    key: 'cluster-domain',
    required: false,
    overridesSetting: true,
    example: 'cluster.local',
    meaning: 'DNS domain of Services',
  },
  {
    key: 'secret-prefix',
    required: false,
    overridesSetting: true,
    example: 'k8s',
    meaning: 'secrets are <prefix>/<cluster>/<name> and <prefix>/<cluster>/shared',
  },
  {
    key: 'kube-proxy-mode',
    required: false,
    overridesSetting: true,
    example: 'nftables',
    meaning: 'nftables or iptables; the image must have been made for iptables',
  },
] as const satisfies readonly KeyRow[];

export type Key = (typeof keyTable)[number]['key'];

export const keyNames: readonly Key[] = keyTable.map(({ key }) => key);

export const isKey = (text: string): text is Key => (keyNames as readonly string[]).includes(text);

/** Values of `/etc/groundup/settings.json`, baked from images/worker.yaml. */
export type BakedSettings = Record<
  Extract<Key, 'cluster' | 'service-cidr' | 'dns-address' | 'cluster-domain'>,
  string
> &
  Record<'secret-prefix' | 'kube-proxy-mode', string>;
