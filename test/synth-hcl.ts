import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from '@cdktf/hcl2json';
import { inFolder } from './synth';

/** What an app writes under `cdktf synth --hcl`, parsed back by Terraform's own parser. */
export async function synthHcl(run: (folder: string) => void): Promise<Record<string, any>> {
  process.env.SYNTH_HCL_OUTPUT = 'true';
  try {
    const texts = inFolder(folder => {
      run(folder);
      const stacks = join(folder, 'stacks');
      return readdirSync(stacks).map(name => [name, readFileSync(join(stacks, name, 'cdk.tf'), 'utf8')] as const);
    });
    return Object.fromEntries(await Promise.all(texts.map(async ([name, text]) => [name, await parse('cdk.tf', text)] as const)));
  } finally {
    delete process.env.SYNTH_HCL_OUTPUT;
  }
}

/** Blocks of HCL are lists, where JSON has them as lists or objects; white space in expressions has no meaning; a text of several lines ends in a line break. */
function comparable(value: any): any {
  if (typeof value === 'string') {
    return value.includes('${') ? value.replace(/\s+/g, '') : value.replace(/(?<=\n[^]*)\n$/, '');
  }
  if (Array.isArray(value)) {
    return value.length === 1 && typeof value[0] === 'object' ? comparable(value[0]) : value.map(comparable);
  }
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, comparable(entry)]));
  }
  return value;
}

/** What a stack defines, as HCL and JSON say it alike. */
export const blocks = ({ resource, data }: any) => comparable({ resource: resource ?? {}, data: data ?? {} });
