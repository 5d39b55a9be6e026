import { Report, ReportGrant, ReportRow } from './report';
import { grantText, issuerOfRow, kindOfIdentity, kindOfWho, MECHANISMS, shortName, shortPermission, visible, whereText, whoOf } from './words';

/** The columns of the picture, from left to right. */
export type Column = 'issuer' | 'subject' | 'identity' | 'grant';

/** A box of the picture. */
export interface GraphNode {
  readonly id: number;
  readonly column: Column;
  readonly title: string;
  readonly caption: string;
  /** All that is known of it. */
  readonly full: string;
  /** Whether it should be looked at first. */
  readonly warn: boolean;
}

/** An arrow of the picture. */
export interface GraphEdge {
  readonly from: number;
  readonly to: number;
  readonly warn: boolean;
  readonly label?: string;
}

/** What a row adds to the picture. */
export interface GraphStep {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

/** The grants of one identity that a picture shows; more are counted. */
const GRANTS = 6;

/** The picture of a report, row by row in its order, so that whoever has no room for all of it can stop after any row. */
export function* stepsOf(report: Report): Generator<GraphStep, void, undefined> {
  const ids = new Map<string, number>();
  const edges = new Set<string>();
  for (const row of report.rows) {
    const added: { nodes: GraphNode[]; edges: GraphEdge[] } = { nodes: [], edges: [] };
    const node = (key: string, make: () => Omit<GraphNode, 'id'>): number => {
      let id = ids.get(key);
      if (id === undefined) {
        id = ids.size;
        ids.set(key, id);
        added.nodes.push({ id, ...make() });
      }
      return id;
    };
    const edge = (from: number, to: number, warn = false, label?: string): void => {
      const key = `${from} ${to} ${label ?? ''}`;
      if (!edges.has(key)) {
        edges.add(key);
        added.edges.push({ from, to, warn, ...label !== undefined && { label } });
      }
    };
    const identity = (place: number): number => {
      const key = `identity ${place}`;
      const before = ids.get(key);
      if (before !== undefined) {
        return before;
      }
      const known = report.identities[place]!;
      const { name, home } = shortName(known);
      const id = node(key, () => ({
        column: 'identity',
        title: name,
        caption: home ? `${kindOfIdentity(known)} · ${home}` : kindOfIdentity(known),
        full: `${visible(known.name)}\n${whereText(known.where)}`,
        warn: false,
      }));
      const grants = new Map(known.grants.map(grant => [keyOfGrant(grant), grant]));
      const shown = [...grants].slice(0, grants.size > GRANTS ? GRANTS - 1 : GRANTS);
      shown.forEach(([grantKey, grant]) => edge(id, node(grantKey, () => grantNode(grant))));
      if (grants.size > shown.length) {
        edge(id, node(`more grants ${place}`, () => ({
          column: 'grant', title: `${grants.size - shown.length} more`, caption: `of ${name}`,
          full: [...grants.values()].slice(shown.length, 40).map(grantText).join('\n'), warn: false,
        })));
      }
      return id;
    };
    const become = identity(row.identity);
    const first = row.through === null ? become : identity(row.through);
    if (row.through !== null) {
      edge(first, become);
    }
    if (row.through === null || row.subject !== null || row.issuer !== null) {
      const issuer = node(`issuer ${row.issuer ?? issuerOfRow(row)}`, () => ({
        column: 'issuer', title: issuerOfRow(row), caption: row.issuer === null ? MECHANISMS[row.mechanism] : kindOfIssuer(row.issuer),
        full: row.issuer === null ? issuerOfRow(row) : visible(row.issuer), warn: row.risks.includes('any-issuer'),
      }));
      const warn = row.risks.length > 0;
      const subject = node(subjectKey(row), () => ({
        column: 'subject', title: whoOf(row, report), caption: kindOfWho(row),
        full: [row.subject === null ? 'any subject' : visible(row.subject), ...row.conditions.map(visible), whereText(row.where)].join('\n'),
        warn: row.risks.some(risk => risk !== 'any-audience'),
      }));
      edge(issuer, subject, row.risks.includes('any-subject') || row.risks.includes('any-issuer'));
      edge(subject, first, warn, row.risks.includes('any-audience') ? 'no audience' : undefined);
    }
    yield added;
  }
}

function subjectKey(row: ReportRow): string {
  // Two sets without a subject are told apart by their conditions.
  const set = row.subject === null ? row.conditions : [];
  return `subject ${JSON.stringify([row.issuer ?? row.mechanism, row.subject, row.wildcards, ...set])}`;
}

function keyOfGrant({ permission, on, where }: ReportGrant): string {
  // A policy that is written into a role has a name of that role's alone.
  const own = on === null && !permission.startsWith('arn:') ? [where.file, where.stack ?? '', where.address] : [];
  return `grant ${JSON.stringify([permission, on, ...own])}`;
}

function grantNode(grant: ReportGrant): Omit<GraphNode, 'id'> {
  const on = grant.on === null ? [] : [`on ${visible(grant.on)}`];
  return {
    column: 'grant',
    title: shortPermission(grant),
    caption: on[0] ?? 'policy',
    full: [visible(grant.permission), ...on, whereText(grant.where)].join('\n'),
    warn: false,
  };
}

/** Whose issuer it is, by the forms that the vendors publish. */
function kindOfIssuer(issuer: string): string {
  const host = issuer.startsWith('https://') ? issuer.slice(8).split('/', 1)[0]! : '';
  if (/^oidc\.eks\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?$/.test(host) || issuer.startsWith('${aws_eks_cluster.')) {
    return 'EKS cluster';
  }
  if (host === 'container.googleapis.com') {
    return 'GKE cluster';
  }
  if (/^(?:[a-z0-9]+\.oic|oidc)\.prod-aks\.azure\.com$/.test(host) || issuer.startsWith('${azurerm_kubernetes_cluster.')) {
    return 'AKS cluster';
  }
  return host === 'token.actions.githubusercontent.com' ? 'GitHub Actions' : host === 'accounts.google.com' ? 'Google' : 'issuer';
}
