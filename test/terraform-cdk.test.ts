declare const TERRAFORM_CDK: string;

test('the tests run on the CDK that their configuration names', () => {
  // eslint-disable-next-line @typescript-eslint/no-require-imports, import/no-extraneous-dependencies
  expect(require('cdktf/package.json').name).toBe(TERRAFORM_CDK);
});
