import { GateName } from '../model';

/** A message that a cloud, its tools or Kubernetes print when they refuse. Places in texts are written `{iss}`, `{*}` for any text. */
export interface RefusalEntry {
  /** The stable name, as in `aws-no-provider`. */
  readonly id: string;
  readonly cloud: 'aws' | 'gcp' | 'azure' | 'kubernetes';
  /** The code that the cloud gives it; undefined where it has none. */
  readonly code?: string;
  /** The message as it is printed. */
  readonly says: string;
  /** What it is recognized by, the most telling first; a later one counts only where those before it are not there. */
  readonly marks: readonly string[];
  /** What may stand before it, in the same message. */
  readonly before?: readonly string[];
  /** What may stand after it, in the same message. */
  readonly after?: readonly string[];
  /** The gates that can be behind it, the most likely first; none where the identity was reached, and something else refuses. */
  readonly gates: readonly GateName[];
  readonly means: string;
  /** What to do about it. */
  readonly remedy: string;
  readonly sources: readonly string[];
  /** Whether it says nothing where another message says something, as what an SDK writes around the cloud's words. */
  readonly general?: boolean;
  /** Whether the wording was not seen in a document or a log. */
  readonly unconfirmed?: boolean;
}
