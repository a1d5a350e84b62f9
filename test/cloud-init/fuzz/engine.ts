// Inputs from a file, one JSON text a line, -> the checker's verdicts: run by QuickJS and by Node.
import * as std from 'std';
import { checkUserData } from '../../../cloud-init/validate.ts';

const [, inputFile = '', settingsText = ''] = scriptArgs;
for (const line of (std.loadFile(inputFile) ?? '').split('\n'))
  if (line !== '')
    std.out.puts(`${JSON.stringify(checkUserData(JSON.parse(line), JSON.parse(settingsText)))}\n`);
