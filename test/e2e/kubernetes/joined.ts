import type { Applied, AppliedResource } from '../model';
import { shadowApply, Stack } from '../shadow';
import { Reference, renameAll } from '../shadow/template';

/** How many apps Terraform applies at once, as it starts slowly. */
const AT_ONCE = 12;

/** What runs pods: nothing refers to it, so that Terraform need not have it as a resource. */
const LEAVES = /^kubernetes_(?:cron_job|daemon_set|deployment|job|pod|replication_controller|stateful_set)_v1$|^kubernetes_manifest$/;

/** Several apps as one stack, in which the names of each have its mark. */
interface Joined {
  readonly stack: Stack;
  readonly apps: readonly App[];
}

/** What of an app Terraform has no resource for: it only says what the templates of their texts are, each once, however often they are there. */
interface App {
  readonly leaves: readonly AppliedResource[];
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly templates: readonly string[];
}

/** The objects of Kubernetes and the outputs, as Terraform applies them, of apps of one stack each, in their order. */
export function applyTogether(all: readonly (readonly Stack[])[]): Applied[] {
  const groups = Array.from({ length: Math.ceil(all.length / AT_ONCE) }, (_, index) => all.slice(index * AT_ONCE, (index + 1) * AT_ONCE));
  return groups.flatMap(group => {
    const { stack, apps } = joined(group.map(([only]) => only!));
    const applied = shadowApply([stack]);
    return apps.map(({ leaves, outputs, templates }, index): Applied => {
      const texts = applied.outputs.joined![`templates${mark(index)}`] as unknown[];
      const values = new Map(templates.map((template, at) => [template, texts[at]]));
      return {
        resources: [
          ...applied.resources.filter(({ address }) => address.endsWith(mark(index))),
          ...leaves.map(leaf => ({ ...leaf, values: filled(leaf.values, values) })),
        ],
        outputs: { stack: filled(outputs, values) },
      };
    });
  });
}

const mark = (index: number) => `-of-app-${index}`;

const addressOf = ({ data, type, name }: Reference) => `${data ? 'data.' : ''}${type}.${name}`;

const isTemplate = (text: string) => /[$%]\{/.test(text);

/** The templates in a value of Terraform's JSON. */
function templatesOf(value: unknown): string[] {
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([key, inner]) => [...isTemplate(key) ? [key] : [], ...templatesOf(inner)]);
  }
  return typeof value === 'string' && isTemplate(value) ? [value] : [];
}

/** A value of Terraform's JSON with what its templates are. */
function filled(value: any, values: ReadonlyMap<string, unknown>): any {
  if (Array.isArray(value)) {
    return value.map(entry => filled(entry, values));
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, inner]) => [isTemplate(key) ? values.get(key) as string : key, filled(inner, values)]);
    return Object.fromEntries(entries);
  }
  return typeof value === 'string' && isTemplate(value) ? values.get(value) : value;
}

function joined(stacks: readonly Stack[]): Joined {
  const json: any = { provider: {}, resource: {}, data: {}, output: {}, variable: {} };
  const apps = stacks.map(({ json: own }, index): App => {
    const marked = (name: string) => `${name}${mark(index)}`;
    const running = Object.entries<object>(own.resource).filter(([type]) => LEAVES.test(type));
    const leaves = running.flatMap(([type, bodies]) => Object.entries(bodies).map(([name, body]): AppliedResource => {
      const { '//': _, depends_on: __, ...values } = body;
      return { stack: 'joined', address: `${type}.${marked(name)}`, type, data: false, account: '', values };
    }));
    const outputs = Object.fromEntries(Object.entries<any>(own.output ?? {}).map(([name, { value }]) => [name, value]));
    const templates = [...new Set([...leaves.flatMap(({ values }) => templatesOf(values)), ...templatesOf(outputs)])];

    // Nothing waits for anything but what it refers to, and what no object of Kubernetes refers to is left out.
    const wanted: Reference[] = Object.entries<object>(own.resource).filter(([type]) => type.startsWith('kubernetes_') && !LEAVES.test(type))
      .flatMap(([type, bodies]) => Object.keys(bodies).map(name => ({ data: false, type, name })));
    const renamed = (value: unknown) => renameAll(value, reference => {
      wanted.push(reference);
      return addressOf({ ...reference, name: marked(reference.name) });
    });
    json.output[`templates${mark(index)}`] = { value: renamed(templates) };
    const done = new Set<string>();
    for (let next = wanted.pop(); next !== undefined; next = wanted.pop()) {
      const { data, type, name } = next;
      const block = data ? 'data' : 'resource';
      if (!done.has(addressOf(next))) {
        done.add(addressOf(next));
        const { '//': _, depends_on: __, lifecycle: ___, ...body } = own[block][type][name];
        (json[block][type] ??= {})[marked(name)] = renamed(body);
      }
    }
    for (const [cloud, configs] of Object.entries<any[]>(own.provider)) {
      json.provider[cloud] = [...new Map([...json.provider[cloud] ?? [], ...configs].map(config => [JSON.stringify(config), config])).values()];
    }
    Object.assign(json.variable, own.variable);
    return { leaves, outputs, templates };
  });
  return { apps, stack: { name: 'joined', json: Object.fromEntries(Object.entries<object>(json).filter(([, block]) => Object.keys(block).length > 0)) } };
}
