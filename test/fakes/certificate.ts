// Names and a date -> a certificate in PEM whose key and signature are noise: for readers, not for TLS.

export interface CertificateOptions {
  commonName?: string;
  organizations?: readonly string[];
  notAfter?: Date;
  /** False: version 1, which has no field for it. */
  hasVersion?: boolean;
}

const element = (tag: number, ...parts: readonly Buffer[]): Buffer => {
  const content = Buffer.concat(parts);
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  return Buffer.concat([Buffer.from([tag, 0x82, length >> 8, length & 0xff]), content]);
};

const sequence = (...parts: readonly Buffer[]): Buffer => element(0x30, ...parts);

const attribute = (id: number, text: string): Buffer =>
  element(
    0x31,
    sequence(element(0x06, Buffer.from([0x55, 4, id])), element(0x0c, Buffer.from(text))),
  );

const time = (date: Date): Buffer => {
  const digits = date.toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  // RFC 5280: two digits of the year up to 2049.
  if (date.getUTCFullYear() >= 2050) return element(0x18, Buffer.from(digits));
  return element(0x17, Buffer.from(digits.slice(2)));
};

export const makeCertificate = (options: CertificateOptions = {}): string => {
  const { commonName, organizations = ['system:nodes'], hasVersion = true } = options;
  const noise = Buffer.alloc(300, 0x5a);
  const names = [
    attribute(6, 'UK'),
    ...organizations.map((name) => attribute(10, name)),
    ...(commonName === undefined ? [] : [attribute(3, commonName)]),
  ];
  const signed = sequence(
    ...(hasVersion ? [element(0xa0, element(2, Buffer.from([2])))] : []),
    element(2, Buffer.from([1])),
    sequence(element(6, Buffer.from([0x2a]))),
    sequence(attribute(3, 'Kubernetes')),
    sequence(time(new Date(0)), time(options.notAfter ?? new Date('2999-01-01'))),
    sequence(...names),
    sequence(noise),
  );
  const bytes = sequence(signed, sequence(noise)).toString('base64');
  const lines = bytes.replaceAll(/.{64}/g, '$&\n').trimEnd();
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
};
