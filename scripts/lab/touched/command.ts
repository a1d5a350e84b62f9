// npm run lab -- touched: what a worker has fetched of its cold volume so far.
import { stat } from 'node:fs/promises';
import { touchedPackages } from '../../setup/packages-table.ts';
import { ensurePackages } from '../../setup/packages.ts';
import { createSteps } from '../../terminal/steps.ts';
import type { Lab } from '../lab.ts';
import { ask } from '../protocol.ts';
import { mapDisk } from './disk-map.ts';
import { reportTouches, type TouchedReport } from './report.ts';
import { formatReport } from './text.ts';

/** Asks the lab for the touches and maps the image that the worker's volume was made from. */
export const readTouched = async (lab: Lab, worker: string): Promise<TouchedReport> => {
  const touches = await ask(lab.folder, 'touchedBlocks', { name: worker });
  const { imageFile } = await ask(lab.folder, 'volumeImage', { name: worker });
  const { size } = await stat(imageFile);
  return reportTouches(touches, await mapDisk(imageFile, size));
};

export const showTouched = async (lab: Lab, worker: string, asJson: boolean): Promise<number> => {
  await ensurePackages(createSteps(process.stderr), touchedPackages);
  const report = await readTouched(lab, worker);
  console.log(
    asJson
      ? JSON.stringify({ worker, ...report }, null, 2)
      : formatReport(worker, report).join('\n'),
  );
  return 0;
};
