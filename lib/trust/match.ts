import { Identity } from './model';
import { isKnown, keyOf } from './value';

/** An identity before and after a change; one of them is missing where it is new or gone. */
export interface Match {
  readonly before?: Identity;
  readonly after?: Identity;
}

/** What tells an identity from others; undefined where it says nothing about this one. */
type Key = (identity: Identity) => string | undefined;

/**
 * Finds each identity again after a change: by address and name, by name, by address, and at last by what it trusts and may do.
 *
 * The cloud knows an identity by its name, so that comes before the address: two roles whose names are swapped are not the same ones.
 * @param alike A key of what an identity trusts and may do, and whether two of the same key are really alike
 */
export function matchIdentities(
  before: readonly Identity[], after: readonly Identity[], alike: { readonly key: Key; same(before: Identity, after: Identity): boolean },
): readonly Match[] {
  const matches = new Map<Identity, Identity>();
  let olds = [...before];
  let news = [...after];
  const pair = (key: Key, takes: (olds: readonly Identity[], news: readonly Identity[]) => boolean, same?: (a: Identity, b: Identity) => boolean) => {
    const [old, now] = [groups(olds, key), groups(news, key)];
    const found = new Set<Identity>();
    for (const [name, group] of now) {
      const others = old.get(name);
      if (others === undefined || !takes(others, group)) {
        continue;
      }
      for (const [index, identity] of group.entries()) {
        const other = others[index];
        if (other !== undefined && (same === undefined || same(other, identity))) {
          matches.set(identity, other);
          found.add(identity).add(other);
        }
      }
    }
    olds = olds.filter(identity => !found.has(identity));
    news = news.filter(identity => !found.has(identity));
  };
  pair(identity => JSON.stringify([kindOf(identity), addressOf(identity), keyOf(identity.name), identity.where.file]), always);
  pair(identity => JSON.stringify([kindOf(identity), addressOf(identity), keyOf(identity.name)]), always);
  pair(identity => JSON.stringify([kindOf(identity), keyOf(identity.name)]), alone);
  // A principal is nothing but its name.
  pair(identity => isNameOnly(identity) ? undefined : JSON.stringify([kindOf(identity), addressOf(identity)]), alone);
  pair(identity => isNameOnly(identity) ? undefined : withKind(identity, alike.key(identity)), always, alike.same);
  return [
    ...after.map(identity => {
      const old = matches.get(identity);
      return { ...old && { before: old }, after: identity };
    }),
    ...olds.map(identity => ({ before: identity })),
  ];
}

function groups(identities: readonly Identity[], key: Key): Map<string, Identity[]> {
  const result = new Map<string, Identity[]>();
  for (const identity of identities) {
    const name = key(identity);
    const group = name === undefined ? undefined : result.get(name);
    if (group !== undefined) {
      group.push(identity);
    } else if (name !== undefined) {
      result.set(name, [identity]);
    }
  }
  return result;
}

function kindOf({ cloud, kind }: Identity): string {
  return `${cloud} ${kind}`;
}

/** Where an identity stands in Terraform. */
export function addressOf({ where }: Identity): string {
  return where.stack === undefined ? where.address : `${where.stack}/${where.address}`;
}

function isNameOnly({ kind, name }: Identity): boolean {
  return kind === 'principal' && isKnown(name);
}

function withKind(identity: Identity, key: string | undefined): string | undefined {
  return key === undefined ? undefined : `${kindOf(identity)} ${key}`;
}

function always(): boolean {
  return true;
}

function alone(olds: readonly Identity[], news: readonly Identity[]): boolean {
  return olds.length === 1 && news.length === 1;
}
