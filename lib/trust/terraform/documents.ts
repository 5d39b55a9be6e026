import { Note, TerraformResource } from '../model';
import { Value } from '../value';

/** A file that was read. */
export interface Document {
  /** As people name it: for messages. */
  readonly file: string;
  /** The name of the stack; all files of one name are read as one. */
  readonly stack: string;
  /** What the file holds. */
  readonly json: unknown;
}

/** A stack of any format, as far as others look at it. */
export interface Stack {
  readonly name: string;
  /** The type of its backend and its configuration; undefined where none is written. */
  readonly backend: { readonly type: string; readonly config: unknown } | undefined;
  readonly notes: readonly Note[];
  /** The value of an output; undefined where there is none of that name. */
  output(name: string): Value | undefined;
  /** All its resources. */
  resources(): readonly TerraformResource[];
}

/** Finds the stack whose outputs a remote state has. */
export type FindStack = (remoteState: { readonly name: string; readonly backend: unknown; readonly config: unknown }) => Stack | undefined;

/** An object of JSON; undefined for anything else. */
export function objectOf(json: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof json === 'object' && json !== null && !Array.isArray(json) ? json as Record<string, unknown> : undefined;
}

/** A list of JSON; empty for anything else. */
export function listOf(json: unknown): readonly unknown[] {
  return Array.isArray(json) ? json : [];
}

/** The member of an object itself, not of its prototype. */
export function own(json: unknown, name: string): unknown {
  return typeof json === 'object' && json !== null && Object.hasOwn(json, name) ? (json as Record<string, unknown>)[name] : undefined;
}

/** A text of JSON; undefined for anything else. */
export function stringOf(json: unknown): string | undefined {
  return typeof json === 'string' ? json : undefined;
}

/** Blocks: one object, or a list of them, as both are written. */
export function bodiesOf(json: unknown): readonly Readonly<Record<string, unknown>>[] {
  return (Array.isArray(json) ? json as unknown[] : [json]).map(objectOf).filter(body => body !== undefined);
}

/** The entries of blocks of one name put together, as Terraform does. */
export function entriesOf(json: unknown): readonly (readonly [string, unknown])[] {
  return bodiesOf(json).flatMap(body => Object.entries(body).filter(([key]) => key !== '//'));
}
