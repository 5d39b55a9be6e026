/**
 * The forms that Kubernetes wants of names and values.
 *
 * @see https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
 * @see https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/
 * @see https://github.com/kubernetes/apimachinery/blob/master/pkg/util/validation/validation.go
 */

const LABEL = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

/** A label of a host name, as RFC 1123 has it. */
export const isLabel = (text: string) => LABEL.test(text);

/** A label of a host name that begins with a letter, as RFC 1035 has it. */
export const isLabel1035 = (text: string) => LABEL.test(text) && /^[a-z]/.test(text);

/** A host name; its labels may be longer than those of a host. */
export const isSubdomain = (text: string) => text.length <= 253 && text.split('.').every(part => /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/.test(part));

/** A name that may be part of a path. https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#path-segment-names */
export const isPathSegment = (text: string) => text !== '' && text !== '.' && text !== '..' && !/[/%]/.test(text);

const LABEL_VALUE = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;

export const isLabelValue = (text: string) => text === '' || LABEL_VALUE.test(text);

/** A key of labels, annotations and resources: a name, with a host name and a slash before it or not. */
export function isQualified(key: string): boolean {
  const [name, prefix, ...more] = key.split('/').reverse() as [string, string?];
  return more.length === 0 && LABEL_VALUE.test(name) && (prefix === undefined || isSubdomain(prefix));
}

/** https://kubernetes.io/docs/concepts/configuration/configmap/#configmap-object; names that begin with two dots are the kubelet's. */
export const isDataKey = (key: string) => /^[-._a-zA-Z0-9]{1,253}$/.test(key) && key !== '.' && !key.startsWith('..');

/** https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#environment-variables, and as an environment file has it. */
export const isVariable = (name: string) => /^[-._a-zA-Z][-._a-zA-Z0-9]*$/.test(name) && name !== '.' && !name.startsWith('..');

/** A name of a service as IANA has them, which ports of containers have. https://www.rfc-editor.org/rfc/rfc6335#section-5.1 */
export const isPortName = (name: string) => /^[a-z0-9-]{1,15}$/.test(name) && /[a-z]/.test(name) && !/^-|--|-$/.test(name);

export const isPort = (port: unknown) => Number.isInteger(port) && (port as number) >= 1 && (port as number) <= 65535;

/** A path in a volume. https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/volume/#KeyToPath */
export const isPathInVolume = (path: string) => path !== '' && !path.startsWith('/') && !path.startsWith('..') && !path.split('/').includes('..');

const SUFFIXES: Readonly<Record<string, number>> = {
  '': 1, 'k': 1e3, 'M': 1e6, 'G': 1e9, 'T': 1e12, 'P': 1e15, 'E': 1e18, 'Ki': 2 ** 10, 'Mi': 2 ** 20, 'Gi': 2 ** 30, 'Ti': 2 ** 40, 'Pi': 2 ** 50, 'Ei': 2 ** 60,
};

/** An amount; undefined for what is none. https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/ */
export function quantity(value: string | number): number | undefined {
  const [, digits, suffix, exponent] = /^([+-]?(?:\d+(?:\.\d*)?|\.\d+))(?:(m|k|[MGTPE]|[KMGTPE]i)|[eE]([+-]?\d+))?$/.exec(String(value)) ?? [];
  if (digits === undefined) {
    return undefined;
  }
  return suffix === 'm' ? Number(digits) / 1000 : exponent === undefined ? Number(digits) * SUFFIXES[suffix ?? '']! : Number(`${digits}e${exponent}`);
}

/** A number, or a share in percent. */
export const isNumberOrShare = (value: unknown) => Number.isInteger(value) ? (value as number) >= 0 : typeof value === 'string' && /^\d+%$/.test(value);

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const CRON: readonly (readonly [from: number, to: number, names: readonly string[]])[] = [
  [0, 59, []], [0, 23, []], [1, 31, []], [1, 12, MONTHS], [0, 6, DAYS],
];
const CRON_MACROS = ['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly'];

/** When a CronJob runs. https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#schedule-syntax */
export function isSchedule(text: string): boolean {
  const fields = text.split(' ').filter(field => field !== '');
  return CRON_MACROS.includes(text) || fields.length === CRON.length && fields.every((field, index) => field.split(',').every(part => isCronPart(part, CRON[index]!)));
}

function isCronPart(part: string, [from, to, names]: typeof CRON[number]): boolean {
  const [range, step, ...more] = part.split('/') as [string, string?];
  const named = (value: string) => names.indexOf(value.toLowerCase());
  const number = (value: string) => named(value) >= 0 ? named(value) + from : /^\d{1,2}$/.test(value) ? Number(value) : NaN;
  const ends = range === '*' || range === '?' ? [from, to] : range.split('-').map(number);
  const rightStep = step === undefined || /^[1-9]\d?$/.test(step);
  return more.length === 0 && rightStep && ends.length <= 2 && ends.every(end => end >= from && end <= to) && ends[0]! <= ends.at(-1)!;
}

/** Values that are there more than once. */
export const repeated = (values: readonly unknown[]) => [...new Set(values.filter((value, index) => values.indexOf(value) !== index))];
