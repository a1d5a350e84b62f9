// /etc/groundup/settings.json -> the settings baked into the image.
import { BootFailure } from './failure.ts';
import { keyTable, settingKeys, type SettingKey } from './keys.ts';

/** Every setting that user-data may override, with a value of the right form. */
export type Settings = Record<SettingKey, string>;

export const settingsPath = '/etc/groundup/settings.json';

const fail = (reason: string): BootFailure =>
  new BootFailure('settings', `${settingsPath}: ${reason}`);

/** Reads the baked settings; keys that only the image needs are passed over. */
export const parseSettings = (text: string | undefined): Settings => {
  if (text === undefined) throw fail('there is no such file; was this image made by groundup?');
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw fail('not JSON');
  }
  if (typeof parsed !== 'object' || parsed === null) throw fail('not an object');
  const found = parsed as Record<string, unknown>;
  const entries = settingKeys.map((key) => {
    const value = found[key];
    if (typeof value !== 'string' || !keyTable[key].accepts(value))
      throw fail(`${key}: ${JSON.stringify(value)} is not ${keyTable[key].form}`);
    return [key, value] as const;
  });
  return Object.fromEntries(entries) as Settings;
};
