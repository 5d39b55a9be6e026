import { isAbsolute, relative, resolve, sep } from 'node:path';
import { Finding, Findings } from './finding';
import { CHECK_RULES, helpUriOf, HOME } from './rules';
import { Where } from '../model';
import { cutMiddle, figure, visible, jsonText } from '../report/words';

/** How findings become SARIF. */
export interface SarifOptions {
  /**
   * The folder from which files are named: the root of the repository.
   * @default the current folder
   */
  readonly root?: string;
  /**
   * The version of this package.
   * @default none is said
   */
  readonly version?: string;
}

/**
 * Most results that GitHub takes of a run.
 * @see https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support
 */
const MAX_RESULTS = 25_000;
const SCHEMA = 'https://json.schemastore.org/sarif-2.1.0.json';
const LONGEST = 1_000;

/**
 * What was found, as SARIF 2.1.0.
 * @see https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
 */
export function findingsToSarif({ findings }: Findings, { root = process.cwd(), version }: SarifOptions = {}): string {
  const ids = [...CHECK_RULES.keys()];
  const index = new Map(ids.map((id, place) => [id, place]));
  const left = findings.length - MAX_RESULTS;
  const run = {
    tool: {
      driver: {
        name: 'workload-federation', informationUri: HOME, ...version !== undefined && { semanticVersion: version },
        rules: ids.map(ruleObject),
      },
    },
    ...left > 0 && {
      invocations: [{
        executionSuccessful: true,
        toolExecutionNotifications: [{ level: 'warning', message: { text: `${figure(left)} findings are left out: a run takes ${figure(MAX_RESULTS)}, and the gravest come first.` } }],
      }],
    },
    columnKind: 'utf16CodeUnits',
    results: findings.slice(0, MAX_RESULTS).map(finding => resultOf(finding, index.get(finding.rule)!, root)),
  };
  return jsonText({ $schema: SCHEMA, version: '2.1.0', runs: [run] });
}

function ruleObject(id: string): object {
  const { level, title, means, who, remedy } = CHECK_RULES.get(id)!;
  const uri = helpUriOf(id);
  return {
    id,
    name: id.split('-').map(word => word.charAt(0).toUpperCase() + word.slice(1)).join(''),
    shortDescription: { text: `${title.charAt(0).toUpperCase()}${title.slice(1)}.` },
    fullDescription: { text: means },
    help: {
      text: `${means}\n\nWho could do what: ${who}\n\nTo mend it: ${remedy}\n\n${uri}`,
      markdown: `${means.replace(/[<>]/g, '\\$&')}\n\n**Who could do what:** ${who}\n\n**To mend it:** ${remedy.replace(/[<>]/g, '\\$&')}\n\n[More](${uri})`,
    },
    helpUri: uri,
    defaultConfiguration: { level },
    properties: { tags: ['security', 'workload-identity'], precision: 'high', ...level !== 'note' && { 'security-severity': level === 'error' ? '8.0' : '5.0' } },
  };
}

function resultOf({ rule, level, message, where, line = 1, remedy, fingerprint, suppressed }: Finding, ruleIndex: number, root: string): object {
  return {
    ruleId: rule,
    ruleIndex,
    level,
    kind: 'fail',
    message: { text: `${sentence(message)}. To mend it: ${sentence(remedy)}`.replace(/[.]{2,}/g, '.') },
    locations: [{
      physicalLocation: { artifactLocation: artifactOf(where.file, root), region: { startLine: line } },
      logicalLocations: logicalLocations(where),
    }],
    partialFingerprints: { 'trustFinding/v1': fingerprint },
    ...suppressed !== undefined && {
      suppressions: [{ kind: 'external', status: 'accepted', justification: `${sentence(suppressed.reason)} (until ${suppressed.expires})` }],
    },
  };
}

/** Links and placeholders of SARIF begin with brackets and braces, which stand for themselves here. */
function sentence(value: string): string {
  return cutMiddle(visible(value), LONGEST).replace(/[\\[\]]/g, '\\$&').replace(/[{}]/g, '$&$&');
}

function logicalLocations({ address, constructPath, attribute, stack }: Where): readonly object[] {
  const name = (value: string) => cutMiddle(visible(value), LONGEST);
  return [
    {
      name: name(attribute === undefined ? address : `${address}.${attribute}`), kind: 'resource',
      fullyQualifiedName: name([...stack === undefined || stack === '' ? [] : [stack], attribute === undefined ? address : `${address}.${attribute}`].join('/')),
    },
    ...constructPath === undefined ? [] : [{ name: name(constructPath.slice(constructPath.lastIndexOf('/') + 1)), kind: 'object', fullyQualifiedName: name(constructPath) }],
  ];
}

/** A file by a URI: from the root where it is below it. */
function artifactOf(file: string, root: string): object {
  if (file === '-' || file === '') {
    return { uri: 'standard-input' };
  }
  const path = relative(root, resolve(root, file));
  const outside = path === '' || path === '..' || path.startsWith(`..${sep}`) || isAbsolute(path);
  // Half of a character has no URI.
  const encode = (value: string) => Buffer.from(value, 'utf8').toString('utf8').split(sep).map(encodeURIComponent).join('/');
  return outside ? { uri: `file://${encode(resolve(root, file)).replace(/^(?!\/)/, '/')}` } : { uri: encode(path), uriBaseId: '%SRCROOT%' };
}
