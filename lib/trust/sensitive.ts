import { partsOf, Text, Unknown } from './value';

/** What stands in the place of a text that must not be printed. */
export const HIDDEN = '(sensitive)';

/**
 * Words that are no secret, whatever document they stand in: those of the clouds' own languages, in lower case.
 *
 * A word that is not here is hidden where a sensitive text has it, so that a word too few here hides too much, and never too little.
 */
const PUBLIC: ReadonlySet<string> = new Set([
  'arn aws aws-cn aws-us-gov iam sts eks s3 oidc oidc-provider saml-provider role roles user root policy assumed-role federated service canonicaluser principal',
  'notprincipal action notaction resource notresource effect allow deny statement version id sid condition 2012-10-17 2008-10-17 stringequals stringlike',
  'stringnotequals stringnotlike stringequalsignorecase stringnotequalsignorecase arnequals arnlike arnnotequals arnnotlike bool null ipaddress notipaddress',
  'dateequals datelessthan dategreaterthan numericequals stringequalsifexists stringlikeifexists forallvalues foranyvalue assumerole assumerolewithwebidentity',
  'assumerolewithsaml tagsession setsourceidentity aud sub iss azp oaud exp iat amr actions resources principals identifiers test variable values type effect',
  'principalarn principalaccount principalorgid principaltag requesttag sourcearn sourceaccount sourceip externalid rolesessionname tagkeys',
  'eks-cluster-arn eks-cluster-name kubernetes-namespace kubernetes-service-account kubernetes-pod-name kubernetes-pod-uid cluster sts.amazonaws.com',
  'pods.eks.amazonaws.com ec2.amazonaws.com amazonaws.com system serviceaccount serviceaccounts https http api azureadtokenexchange accounts.google.com',
  'iam.googleapis.com googleapis.com container.googleapis.com cloudresourcemanager.googleapis.com goog projects project locations location global clusters',
  'workloadidentitypools providers provider subject group attribute principalset folders folder organizations organization allusers allauthenticatedusers',
  'google google.subject google.groups assertion assertion.sub assertion.aud bindings members member domain email any all true false none name value data',
  'claims matches kubernetes.io namespace get list put the and for with that this from into only',
].flatMap(line => line.split(' ')));

/** How Google ends the names that it makes of a project's. */
const ENDINGS = ['.svc.id.goog', '.iam.gserviceaccount.com'];
/** Deepest nesting that is looked into; nothing that is deeper is read. */
const MAX_DEPTH = 500;
/** Words of this length are hidden within longer words too, as a name is within one that is made of it. */
const LONG = 3;
/** Longer words are hidden without a look, as no name is that long. */
const MAX_WORD = 512;
const WORD = /[\p{L}\p{N}._-]+/gu;
/** What is hidden twice side by side is hidden once. */
const TWICE = /\(sensitive\)(?:[:/@#=|.[\]-]{0,3}\(sensitive\))+/g;

/**
 * The texts that the source says not to print. Trust is judged by them, and what is said of it has other words in their place.
 *
 * Hidden are the words of the texts, as what is printed is also made of parts of them: the host of an issuer, the name in an ARN.
 */
export class Sensitive {
  private readonly words = new Set<string>();
  private readonly lengths = new Set<number>();
  /** Texts that have only words which are no secret. */
  private readonly wholes = new Set<string>();
  private readonly seen = new Set<string>();
  private readonly asked = new Map<string, boolean>();

  /** Whether there is nothing to hide. */
  public get isEmpty(): boolean {
    return this.words.size === 0 && this.wholes.size === 0;
  }

  /** Takes all texts of a value of JSON. */
  public add(value: unknown): void {
    this.take(value, 0, true);
  }

  /** Takes the texts of an object that are marked: `true` for all there is, or marks in the shape of it; members of some names are left out. */
  public addMarked(value: unknown, marks: unknown, without: RegExp): void {
    if (typeof value === 'object' && value !== null) {
      for (const [name, member] of Object.entries(value).filter(([each]) => !without.test(each))) {
        this.takeMarked(member, marks === true ? true : memberOf(marks, name), 1);
      }
    }
  }

  private takeMarked(value: unknown, marks: unknown, depth: number): void {
    if (marks === true || (marks !== undefined && depth > MAX_DEPTH)) {
      this.add(value);
    } else if (typeof marks === 'object' && marks !== null) {
      Object.entries(marks).forEach(([name, mark]) => this.takeMarked(memberOf(value, name), mark, depth + 1));
    }
  }

  /** A text for people with what is sensitive hidden. */
  public text(shown: string): string {
    let result = shown;
    for (const whole of this.wholes) {
      result = result.split(whole).join(HIDDEN);
    }
    // What only ends a sentence stays.
    return result.replace(WORD, word => this.hides(word) ? `${HIDDEN}${/\.?$/.exec(word)![0]}` : word).replace(TWICE, HIDDEN);
  }

  /** Plain data that is made for printing, with what is sensitive hidden; names of places, kinds and verdicts stay. */
  public in<T>(data: T): T {
    return this.isEmpty ? data : this.hidden(data, false) as T;
  }

  private hidden(data: unknown, isForeign: boolean): unknown {
    if (typeof data === 'string') {
      return this.text(data);
    }
    if (Array.isArray(data)) {
      return data.map(member => this.hidden(member, isForeign));
    }
    if (typeof data !== 'object' || data === null) {
      return typeof data === 'number' && isForeign && this.hides(String(data)) ? HIDDEN : data;
    }
    return Object.fromEntries(Object.entries(data).map(([key, value]): [string, unknown] => isForeign ? [this.text(key), this.hidden(value, true)]
      : [key, KEPT.has(key) ? value : this.hidden(value, FOREIGN.has(key))]));
  }

  private hides(word: string): boolean {
    const lower = bare(word);
    let hides = this.asked.get(lower);
    if (hides === undefined) {
      hides = this.finds(lower);
      this.asked.set(lower, hides);
    }
    return hides;
  }

  private finds(lower: string): boolean {
    if (PUBLIC.has(lower) || this.words.has(lower) || lower.length > MAX_WORD) {
      return !PUBLIC.has(lower);
    }
    for (const length of this.lengths) {
      for (let start = 0; start + length <= lower.length; start++) {
        if (this.words.has(lower.slice(start, start + length))) {
          return true;
        }
      }
    }
    return false;
  }

  private take(value: unknown, depth: number, isWhole: boolean): void {
    if (value instanceof Text) {
      partsOf(value).forEach(part => this.take(part, depth, false));
    } else if (typeof value === 'object' && value !== null && !(value instanceof Unknown) && depth <= MAX_DEPTH) {
      const entries = value instanceof Map ? [...value as ReadonlyMap<unknown, unknown>] : Object.entries(value);
      const named = !Array.isArray(value);
      for (const [key, inner] of entries) {
        if (named) {
          this.takeText(String(key), false);
        }
        this.take(inner, depth + 1, isWhole && !named);
      }
    } else if (typeof value === 'string' || typeof value === 'number') {
      const text = String(value);
      // What a policy says is told by its parts.
      const document = depth <= MAX_DEPTH ? documentOf(text) : undefined;
      document === undefined ? this.takeText(text, isWhole && typeof value === 'string') : this.take(document, depth + 1, false);
    }
  }

  private takeText(text: string, isWhole: boolean): void {
    if (this.seen.has(text)) {
      return;
    }
    this.seen.add(text);
    this.asked.clear();
    const words = [...text.matchAll(WORD)].map(([word]) => bare(word)).filter(word => word !== '' && !PUBLIC.has(word));
    const long = words.filter(word => word.length >= LONG);
    const telling = long.length > 0 ? long : words;
    const bases = telling.flatMap(word => ENDINGS.filter(ending => word.endsWith(ending)).map(ending => word.slice(0, -ending.length)));
    for (const word of [...telling, ...bases]) {
      this.words.add(word);
      if (word.length >= LONG) {
        this.lengths.add(word.length);
      }
    }
    if (isWhole && telling.length === 0 && text.trim().length > 1) {
      this.wholes.add(text);
    }
  }
}

/** Members of what is printed that say where and of which kind something is, and nothing that it holds. */
const KEPT: ReadonlySet<string> = new Set([
  'where', 'users', 'presentedBy', 'sources', 'field', 'mode', 'risks', 'mechanism', 'unknown', 'cloud', 'kind', 'change', 'outcome', 'id', 'gate', 'verdict',
  'rule', 'level', 'fingerprint', 'expires', 'version', 'counts', 'wildcards',
]);
/** Members that hold what others wrote, names of members too. */
const FOREIGN: ReadonlySet<string> = new Set(['statements', 'claims', 'gained', 'lost']);

/** The member of an object or a list itself, not of its prototype. */
function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}

/** A word as it is compared: without case, and without what only ends a sentence. */
function bare(word: string): string {
  let [start, end] = [0, word.length];
  while (start < end && '._-'.includes(word[start]!)) {
    start++;
  }
  while (end > start && '._-'.includes(word[end - 1]!)) {
    end--;
  }
  return word.slice(start, end).toLowerCase();
}

/** What a text of JSON holds; undefined where it is none. */
function documentOf(text: string): object | undefined {
  const start = text.trimStart()[0];
  if (start !== '{' && start !== '[') {
    return undefined;
  }
  try {
    const document: unknown = JSON.parse(text);
    return typeof document === 'object' && document !== null ? document : undefined;
  } catch {
    return undefined;
  }
}
