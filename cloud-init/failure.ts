// The classes of failures of a boot -> exit codes, and the one error that carries a class.

/** Exit codes follow sysexits.h where it has a meaning that fits. docs/user-data.md shows this table. */
export const failureClasses = {
  usage: { exitCode: 64, meaning: 'the agent was started with an unknown command' },
  'user-data': { exitCode: 65, meaning: 'the user-data has errors' },
  'secret-missing': { exitCode: 66, meaning: 'a secret does not exist' },
  network: { exitCode: 68, meaning: 'the instance got no IPv4 address' },
  imds: { exitCode: 69, meaning: 'the instance metadata service did not answer' },
  internal: { exitCode: 70, meaning: 'a fault of groundup itself' },
  services: {
    exitCode: 71,
    meaning: 'the files are written, systemd refused to start the services',
  },
  write: { exitCode: 73, meaning: 'a file could not be written' },
  'secrets-unreachable': { exitCode: 75, meaning: 'Secrets Manager did not answer' },
  'secret-content': { exitCode: 76, meaning: 'a secret does not hold what a node needs' },
  'secrets-denied': { exitCode: 77, meaning: 'the instance may not read its secrets' },
  settings: { exitCode: 78, meaning: 'the settings baked into the image are wrong' },
  'not-ready': { exitCode: 79, meaning: 'the node did not become Ready in time' },
  clock: { exitCode: 80, meaning: 'the clock of the node is wrong' },
} as const;

export type FailureClass = keyof typeof failureClasses;

/** A boot that cannot go on. The message is one line, lower case, and holds nothing secret. */
export class BootFailure extends Error {
  readonly failureClass: FailureClass;
  /** What the failure left behind. */
  readonly outcome: string;

  constructor(failureClass: FailureClass, message: string, outcome = 'nothing was written') {
    super(message);
    this.name = 'BootFailure';
    this.failureClass = failureClass;
    this.outcome = outcome;
  }
}

const excerptLengthMax = 300;

/** A text from outside as one short line. */
export const excerpt = (text: string, lengthMax = excerptLengthMax): string => {
  const line = text.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim();
  return line.length > lengthMax ? `${line.slice(0, lengthMax)}…` : line;
};
