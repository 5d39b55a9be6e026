import type { Stack } from './shadow';

/** The addresses of what Terraform has made before it makes a resource, in whatever order it goes: what the resource refers to or depends on, and what these do. */
export function waitedFor({ json }: Stack, address: string): ReadonlySet<string> {
  const bodies = new Map<string, string>(Object.entries<any>({ '': json.resource, 'data.': json.data ?? {} }).flatMap(([prefix, types]) => Object.entries<any>(types)
    .flatMap(([type, named]) => Object.entries(named).map(([id, body]) => [`${prefix}${type}.${id}`, JSON.stringify(body)] as const))));
  const names = [...bodies.keys()].map(name => [name, new RegExp(`\\b${name.replaceAll('.', '\\.')}(?![\\w-])`)] as const);
  const found = new Set<string>();
  const left = [address];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const body = bodies.get(next)!;
    const more = names.filter(([name, pattern]) => !found.has(name) && pattern.test(body)).map(([name]) => name);
    more.forEach(name => found.add(name));
    left.push(...more);
  }
  return found;
}
