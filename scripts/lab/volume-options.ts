// --volume and --volume-latency -> the volume's model; undefined for a volume that is a file.
import { Failure } from '../terminal/failure.ts';
import { coldVolume, latencyMsMax, type VolumeModel } from './cold-volume/model.ts';

export const readVolumeOptions = (
  volume: string,
  latency: string | undefined,
): VolumeModel | undefined => {
  if (volume !== 'cold' && volume !== 'warm')
    throw new Failure({ step: 'lab', message: `--volume ${volume}: neither cold nor warm` });
  if (volume === 'warm') {
    if (latency === undefined) return undefined;
    const message = '--volume-latency: a warm volume has none';
    throw new Failure({ step: 'lab', message, hint: `--volume cold --volume-latency ${latency}` });
  }
  if (latency === undefined) return coldVolume;
  const latencyMs = /^\d+$/.test(latency) ? Number(latency) : Number.NaN;
  if (latencyMs <= latencyMsMax) return { ...coldVolume, latencyMs };
  const message = `--volume-latency ${latency}: not a number of milliseconds from 0 to ${latencyMsMax}`;
  throw new Failure({ step: 'lab', message });
};
