import { checkAws } from './aws';
import { checkAzure } from './azure';
import { Collector, Findings, findingsOf } from './finding';
import { checkGcp } from './gcp';
import { checkClusters, checkIdentities } from './identities';
import { checkIssuers, checkRegistrations, clusterPlaces } from './issuers';
import { TextOf, withLines } from './lines';
import { LiveIssuers } from './live-issuers';
import { applySuppressions, Suppressions } from './suppressions';
import { checkWorkloads } from './workloads';
import { Model } from '../read';

/** How `check` looks. */
export interface CheckOptions {
  /**
   * The issuers that exist today; trust of any other one is a finding.
   * @default it is not looked at whether issuers exist
   */
  readonly liveIssuers?: LiveIssuers;
  /**
   * The findings that are accepted.
   * @default none
   */
  readonly suppressions?: Suppressions;
  /**
   * The time at which suppressions expire or not.
   * @default now
   */
  readonly now?: Date;
  /**
   * Gives the text of a file that was read, for the lines of what is found.
   * @default no lines are said
   */
  readonly textOf?: TextOf;
}

/** Looks for what a reviewer should know: trust that is too wide, that never works, or that breaks tomorrow. */
export function check(model: Model, { liveIssuers, suppressions, now = new Date(), textOf }: CheckOptions = {}): Findings {
  const { terraform, identities, workloads, registrations } = model;
  const collector = new Collector();
  const { say } = collector;
  const clusters = clusterPlaces(terraform);
  const places = [...checkAws(terraform, say), ...checkGcp(terraform, say), ...checkAzure(terraform, say)];
  checkIssuers([...places, ...clusters], liveIssuers, say);
  checkRegistrations(registrations, terraform, say);
  checkIdentities(model, say);
  checkClusters(terraform, identities, clusters, say);
  checkWorkloads(workloads, identities, say);
  const all = textOf === undefined ? collector.all() : withLines(collector.all(), textOf);
  const findings = findingsOf(suppressions === undefined ? all : applySuppressions(all, suppressions, now));
  return model.sensitive?.in(findings) ?? findings;
}
