// The process beside a virtual machine that plays its volume: an NBD server with first touches.
// nbdkit's delay and cache filters look like it, but the cache holds a lock while it reads from below,
// so that many first touches would come one after the other.
import { Failure } from '../../terminal/failure.ts';
import type { VolumeModel } from './model.ts';
import { serveBlocks, serveStatistics } from './serve.ts';
import { TouchLog } from './touch-log.ts';
import { Volume } from './volume.ts';

/** The one argument, as JSON. */
export interface ServerOptions extends VolumeModel {
  imageFile: string;
  sizeBytes?: number;
  blockSocket: string;
  statisticsSocket: string;
  touchLogFile: string;
}

const { blockSocket, statisticsSocket, touchLogFile, ...options } = JSON.parse(
  process.argv[2] ?? '{}',
) as ServerOptions;
try {
  const log = new TouchLog(touchLogFile);
  const volume = await Volume.open({ ...options, onTouch: (touch) => log.add(touch) });
  await serveBlocks(volume, blockSocket);
  await serveStatistics(volume, statisticsSocket);
  process.on('SIGTERM', () => {
    void log.flush().finally(() => process.exit(0));
  });
} catch (error) {
  const text = error instanceof Failure ? `${error.message}\n${error.tail ?? ''}` : String(error);
  console.error(text);
  process.exitCode = 1;
}
