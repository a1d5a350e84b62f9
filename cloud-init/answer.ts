// A response of Secrets Manager -> its parts of the right form, and whether a later try may better it.
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/CommonErrors.html
import type { HttpResponse } from './curl.ts';

export interface SecretError {
  SecretId?: string;
  ErrorCode?: string;
  Message?: string;
}

/** What stands in another form is absent: a proxy, too, may have answered. */
export interface Answer {
  SecretValues?: { Name?: string; SecretString?: string }[];
  Errors?: SecretError[];
  /** Code of an error of the whole request, e.g. `AccessDeniedException`; empty when there is none. */
  code: string;
  /** Secrets Manager's own words. */
  said: string;
}

type Strings = Record<string, string>;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The texts of an object; everything else in it is left out. */
const stringsOf = (value: unknown): Strings =>
  isObject(value)
    ? Object.fromEntries(
        Object.entries(value).filter(
          (pair): pair is [string, string] => typeof pair[1] === 'string',
        ),
      )
    : {};

const parseObject = (body: string): Record<string, unknown> => {
  try {
    const parsed: unknown = JSON.parse(body);
    return isObject(parsed) ? parsed : {};
  } catch {
    return {};
  }
};

/** Reads a body; never throws. `com.amazonaws.x#AccessDeniedException` has the code behind the #. */
export const parseAnswer = (body: string): Answer => {
  const parsed = parseObject(body);
  const { SecretValues: values, Errors: errors } = parsed;
  const { __type: type = '', Message, message = '' } = stringsOf(parsed);
  return {
    ...(Array.isArray(values) ? { SecretValues: values.map(stringsOf) } : {}),
    ...(Array.isArray(errors) ? { Errors: errors.map(stringsOf) } : {}),
    code: type.replace(/^.*#/, ''),
    said: Message ?? message,
  };
};

const passingCodes = /Throttling|TooManyRequests|InternalService|ServiceUnavailable|RequestTimeout/;
const throttlingCodes = /Throttling|TooManyRequests/;
const clockCodes = /RequestTimeTooSkewed|RequestExpired/;
const clockWords = /^Signature (?:expired|not yet current)/;
/** curl's words; by a clock that is years behind, nothing has begun to be valid. */
const clockErrors = /certificate is not yet valid/;

/** True when the time of this machine is what was refused. */
export const isClockFault = ({ status, body, error }: HttpResponse): boolean => {
  if (status === 0) return clockErrors.test(error);
  const { code, said } = parseAnswer(body);
  return clockCodes.test(code) || clockWords.test(said);
};

/** True when the role's credentials were right once: the metadata service has new ones. */
export const isExpired = ({ body }: HttpResponse): boolean =>
  parseAnswer(body).code.startsWith('ExpiredToken');

/** True when it was one of too many requests of the account. */
export const isThrottled = ({ status, body }: HttpResponse): boolean =>
  status === 429 || throttlingCodes.test(parseAnswer(body).code);

/** True for 200 with something else than secrets: a page of a proxy, or a torn body. */
export const isGarbage = ({ status, body }: HttpResponse): boolean => {
  const { SecretValues: values, Errors: errors } = parseAnswer(body);
  return status === 200 && values === undefined && errors === undefined;
};

/** True when the same request may do better later. One secret's lasting error is reason to give up. */
export const isPassing = (response: HttpResponse): boolean => {
  const { status, body } = response;
  if (status === 0 || status === 429 || status >= 500) return true;
  if (isClockFault(response) || isExpired(response) || isGarbage(response)) return true;
  const { code, Errors: errors = [] } = parseAnswer(body);
  if (passingCodes.test(code)) return true;
  return errors.length > 0 && errors.every(({ ErrorCode = '' }) => passingCodes.test(ErrorCode));
};
