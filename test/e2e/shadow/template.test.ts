import { expressionOf, renameExpression, renameTemplate } from './template';
import { evaluated, onTerraform } from '../../terraform';

const rename = (text: string) => renameTemplate(text, ({ data, type, name }) => `NEW(${data ? 'data ' : ''}${type} ${name})`);

test.each([
  ['text without an expression, whatever it names', 'aws_iam_role.Role.arn, data.aws_region.R, self.x', 'aws_iam_role.Role.arn, data.aws_region.R, self.x'],
  ['a reference alone', '${aws_iam_role.Role.arn}', '${NEW(aws_iam_role Role).arn}'],
  ['a name with dashes', '${aws_x.Cluster-eks-apps.arn}', '${NEW(aws_x Cluster-eks-apps).arn}'],
  ['a data source', '${data.aws_region.R.name}', '${NEW(data aws_region R).name}'],
  ['the state of another stack', '${data.terraform_remote_state.x.outputs.aws_iam_role}', '${data.terraform_remote_state.x.outputs.aws_iam_role}'],
  ['variables and locals', '${var.aws_iam_role}${local.a.b}${path.module}${terraform.workspace}', '${var.aws_iam_role}${local.a.b}${path.module}${terraform.workspace}'],
  ['text around and between', 'a.b ${t.x.y} t.x.y ${t.z[0].w} }', 'a.b ${NEW(t x).y} t.x.y ${NEW(t z)[0].w} }'],
  ['strings in an expression', '${join("t.x.y", ["t.x", t.x.y, "\\"t.x\\""])}', '${join("t.x.y", ["t.x", NEW(t x).y, "\\"t.x\\""])}'],
  ['a template in a string in an expression', '${trimprefix("https://t.x/${t.x.id}/t.x.id", "${t.y.p}//")}', '${trimprefix("https://t.x/${NEW(t x).id}/t.x.id", "${NEW(t y).p}//")}'],
  ['escapes', '$${t.x.y} %%{t.x} ${"$${t.x.y}${t.x.y}"} $${', '$${t.x.y} %%{t.x} ${"$${t.x.y}${NEW(t x).y}"} $${'],
  ['braces of objects', '${jsonencode({"a" = t.x.y, b = {c = "}"}})} t.x', '${jsonencode({"a" = NEW(t x).y, b = {c = "}"}})} t.x'],
  ['keys, attributes and functions', '${merge({aws = 1, t : t.x.t.x}, f.x(t.x.y).t.x)}', '${merge({aws = 1, t : NEW(t x).t.x}, NEW(f x)(NEW(t x).y).t.x)}'],
  ['the names of a for', '${[for k, v in t.x.y : v.name == k.t ? t.v.w : "v.name"]}', '${[for k, v in NEW(t x).y : v.name == k.t ? NEW(t v).w : "v.name"]}'],
  ['self, by index', '${(self.identity.0.oidc.0.issuer == "self.x")}', '${(self.input.identity.0.oidc.0.issuer == "self.x")}'],
  ['splats', '${t.x[*].y}${t.x.*.y}', '${NEW(t x)[*].y}${NEW(t x).*.y}'],
])('renames in %s', (_, text, renamed) => {
  expect(rename(text)).toBe(renamed);
});

test('renames in a bare expression, as depends_on has it', () => {
  expect(renameExpression('aws_x.Cluster-eks-apps', ({ type, name }) => `terraform_data.${type}__${name}`)).toBe('terraform_data.aws_x__Cluster-eks-apps');
});

describe('refuses', () => {
  test.each([
    ['directives', '%{ if t.x.y }a%{ endif }'],
    ['what each instance of a resource names', '${each.value}'],
    ['an expression without an end', 'a ${t.x'],
    ['a string without an end', '${"t.x}'],
    ['comments', '${t.x.y # t.x}'],
    ['heredocs', '${<<E\nt.x.y\nE\n}'],
  ])('%s', (_, text) => {
    expect(() => rename(text)).toThrow(Error);
  });
});

const VALUES = [
  'plain', 'quotes " and \\ and \n lines and \t tabs', '$${escaped} %%{too}', '${upper("a")}', 'a${upper("b")}"c"', ['a', '${"b"}', { 'k"${upper("x")}': 'v', 'n': 1.5, 't': true, 'z': null }],
  'ü 😀 \u2028', [], {},
];

onTerraform('a value in JSON is the same as an expression', () => {
  for (const value of VALUES) {
    const json = JSON.parse(JSON.stringify(value), (_, item) => item);
    expect(JSON.parse(evaluated(`jsonencode(${expressionOf(value)})`))).toEqual(JSON.parse(JSON.stringify(json)
      .replaceAll('${upper(\\"a\\")}', 'A').replaceAll('${upper(\\"b\\")}', 'B').replaceAll('${upper(\\"x\\")}', 'X').replaceAll('${\\"b\\"}', 'b')
      .replaceAll('$${', '${').replaceAll('%%{', '%{')));
  }
});
