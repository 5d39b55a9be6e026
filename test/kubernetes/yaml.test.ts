import { App, TerraformOutput, TerraformStack, TerraformVariable } from 'cdktf';
import * as fc from 'fast-check';
import { parse } from 'yaml';
import { toYaml, yamlDocuments } from '../../lib/kubernetes/yaml';
import { stackIn, synthStack } from '../synth';
import { synthHcl } from '../synth-hcl';
import { describeOnTerraform, evaluated } from '../terraform';

test.each<[string, (known: string) => string]>([
  ['as it is', known => known], ['between plain texts', known => `gs://${known}/reports`], ['beside quotes', known => `"${known}"`], ['twice', known => `${known}-${known}`],
])('what only Terraform knows is written without a warning of cdktf: %s', (_, text) => {
  const warning = jest.spyOn(console, 'warn').mockImplementation();
  try {
    synthStack(stack => {
      const known = new TerraformVariable(stack, 'known', { type: 'string' }).stringValue;
      new TerraformOutput(stack, 'Yaml', { value: yamlDocuments('stack', [{ metadata: { name: text(known) } }, {}]) });
    });
    expect(warning.mock.calls).toEqual([]);
  } finally {
    warning.mockRestore();
  }
});

/** What means something to Terraform's templates, to its strings, to cdktf or to YAML. */
const ODD = [
  '', ' ', '"', '"quoted"', '\'', '\\', '\\n', 'a\\', '$', '$$', '${', '${x}', '$${x}', '%', '%{', '%{ if x }', '%%{x}', '$(date)', '100%', 'a$', 'a%', '{', '}', '\n', 'a\nb\n', '\t', '\r\n',
  '\u0000', '\u0007', '\u007f', 'é', '🙂', 'true', 'null', '~', '0440', '1e3', '- a', 'a: b', '# a', '---', '|', '>', '&a', '*a', '!a', '@a', '`a`', '[', ',',
];

describeOnTerraform('YAML', () => {
  // Terraform's texts are normalized.
  const strings = [...ODD, ...fc.sample(fc.string({ unit: 'binary', maxLength: 12 }), { numRuns: 150, seed: 20240229 })].map(text => text.normalize('NFC'));
  const known = 'arn:aws:iam::123456789012:role/reports';

  /** Texts, and the same on both sides of what only Terraform knows, in objects of every kind of value. */
  const value = (token: string) => ({
    list: strings, around: strings.map(text => `${text}${token}${text}`), map: Object.fromEntries(ODD.filter(text => /^[\w:. -]+$/.test(text)).map(text => [text, { text }])),
    mode: 0o440, yes: true, no: false, nothing: undefined, empty: [], none: {},
  });
  const build = (stack: TerraformStack) => {
    new TerraformOutput(stack, 'Yaml', { value: toYaml('stack', value(new TerraformVariable(stack, 'known', { type: 'string' }).stringValue)) });
  };
  const read = (expression: string) => parse(evaluated(expression.replace(/^\$\{([^]*)\}$/, '$1').replaceAll('var.known', JSON.stringify(known))));
  const { nothing: _, ...expected } = value(known);

  test('has every text as it is, also beside what only Terraform knows', () => {
    expect(read(synthStack(build).output.Yaml.value)).toEqual(expected);
  });

  test('has it in HCL too', async () => {
    const hcl = await synthHcl(folder => {
      const app = new App({ outdir: folder });
      build(stackIn(app));
      app.synth();
    });
    expect(read(hcl.stack.output.Yaml[0].value)).toEqual(expected);
  });
});
