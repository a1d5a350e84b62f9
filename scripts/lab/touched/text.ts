// A report of touched blocks as lines to read: block by block, then sums.
import { labelOf } from './owner.ts';
import type { TouchedReport } from './report.ts';

const partsShown = 3;
const ownersShown = 25;

const mib = (bytes: number): string => (bytes / 1024 ** 2).toFixed(1).padStart(7);

/** Line by line for the terminal. */
export const formatReport = (worker: string, report: TouchedReport): string[] => {
  const { touchedBlocks, touchedBytes, blocks, owners, folders } = report;
  const lines = [`     ms  kind    block  what lies in it`];
  for (const { ms, kind, block, parts } of blocks) {
    const shown = parts.slice(0, partsShown).map((part) => {
      return `${labelOf(part)} ${Math.ceil(part.bytes / 1024)} KiB`;
    });
    if (parts.length > partsShown) shown.push(`${parts.length - partsShown} more`);
    const head = `${ms.toFixed(0).padStart(7)}  ${kind.padEnd(5)}  ${String(block).padStart(6)}`;
    lines.push(`${head}  ${shown.join(', ')}`);
  }
  lines.push('', '    MiB  folder');
  for (const folder of folders) lines.push(`${mib(folder.touchedBytes)}  ${folder.name}`);
  lines.push('', '    MiB   of MiB  first ms  the largest');
  const largest = owners.toSorted((a, b) => b.touchedBytes - a.touchedBytes).slice(0, ownersShown);
  for (const owner of largest) {
    const ms = owner.firstMs.toFixed(0).padStart(8);
    lines.push(`${mib(owner.touchedBytes)}  ${mib(owner.sizeBytes)}  ${ms}  ${labelOf(owner)}`);
  }
  const sum = `${touchedBlocks} blocks touched, ${mib(touchedBytes).trim()} MiB`;
  return [...lines, '', `${worker.padEnd(10)} ${sum}`];
};
