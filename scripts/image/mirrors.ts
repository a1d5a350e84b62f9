// The machine's own apt settings -> the sources of another Debian suite on the same mirrors.
// A build machine behind a proxy or with an internal mirror has said so in /etc/apt already.
import { glob, readFile } from 'node:fs/promises';
import { Failure } from '../terminal/failure.ts';

interface Mirrors {
  archive: string;
  security: string;
}

/** URIs of one-line (`deb [..] URI suite`) and deb822 (`URIs: URI`) entries, in order. */
export const urisOf = (sources: string): { uri: string; suites: string }[] => {
  const found: { uri: string; suites: string }[] = [];
  for (const match of sources.matchAll(/^deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)/gm))
    found.push({ uri: match[1] as string, suites: match[2] as string });
  for (const stanza of sources.split(/\n\s*\n/)) {
    const uri = /^URIs:\s*(\S+)/m.exec(stanza)?.[1];
    const suites = /^Suites:\s*(.+)$/m.exec(stanza)?.[1];
    if (uri !== undefined && suites !== undefined) found.push({ uri, suites });
  }
  return found;
};

/**
 * Which of the entries are Debian's archive and its security archive; undefined when one is missing,
 * since a base without security updates is none.
 */
export const chooseMirrors = (
  entries: readonly { uri: string; suites: string }[],
): Mirrors | undefined => {
  const debianSuite = /^(bookworm|trixie|forky|sid|stable|testing|unstable)\b/;
  const debian = entries.filter(({ suites }) => debianSuite.test(suites));
  const security = debian.find(({ suites }) => suites.includes('-security'));
  const archive = debian.find(({ suites }) => !suites.includes('-security'));
  if (archive === undefined || security === undefined) return undefined;
  return { archive: archive.uri, security: security.uri };
};

/** `deb` lines for `suite`, its updates and its security updates. */
export const debianMirrors = async (suite: string): Promise<string[]> => {
  let sources = await readFile('/etc/apt/sources.list', 'utf8').catch(() => '');
  for await (const file of glob('/etc/apt/sources.list.d/*.{list,sources}'))
    sources += `\n\n${await readFile(file, 'utf8')}`;
  const mirrors = chooseMirrors(urisOf(sources));
  if (mirrors === undefined)
    throw new Failure({
      step: 'base',
      message:
        '/etc/apt names no Debian archive with its security archive: the base comes from there',
      hint: 'is this Debian 12 or 13? its own /etc/apt/sources.list.d/debian.sources has both',
    });
  const { archive, security } = mirrors;
  return [
    `deb ${archive} ${suite} main`,
    `deb ${archive} ${suite}-updates main`,
    `deb ${security} ${suite}-security main`,
  ];
};
