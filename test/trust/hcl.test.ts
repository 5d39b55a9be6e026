import { parse } from '@cdktf/hcl2json';
import { check, makeReport, readModel } from '../../lib/trust';

/** Plain HCL, as people write it by hand. */
const HCL = `
variable "namespace" { default = "reports" }
locals {
  issuer = replace(aws_eks_cluster.apps.identity[0].oidc[0].issuer, "https://", "")
  names  = ["reader", "writer"]
}
resource "aws_iam_openid_connect_provider" "apps" {
  url            = aws_eks_cluster.apps.identity[0].oidc[0].issuer
  client_id_list = ["sts.amazonaws.com"]
}
data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]
    principals {
      type        = "Federated"
      identifiers = [aws_iam_openid_connect_provider.apps.arn]
    }
    condition {
      test     = "StringEquals"
      variable = "\${local.issuer}:aud"
      values   = ["sts.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "\${local.issuer}:sub"
      values   = [for n in local.names : "system:serviceaccount:billing:\${n}"]
    }
  }
}
resource "aws_eks_cluster" "apps" {
  name = "apps"
  role_arn = "arn:aws:iam::111122223333:role/eks"
  vpc_config { subnet_ids = [] }
}
resource "aws_iam_role" "reader" {
  name               = "reader"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}
resource "aws_iam_role" "github" {
  name               = "github"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect = "Allow"
      Action = "sts:AssumeRoleWithWebIdentity"
      Principal = { Federated = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com" }
      Condition = { StringLike = { "token.actions.githubusercontent.com:sub" = "repo:acme/*" } }
    }]
  })
}
resource "aws_iam_role_policy_attachment" "ro" {
  for_each = toset(local.names)
  role = aws_iam_role.reader.name
  policy_arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
}
`;

test('HCL that was converted to JSON is read, with what only Terraform knows as it is', async () => {
  const model = readModel([{ file: 'main.tf.json', stack: '', json: await parse('main.tf', HCL) }]);
  expect(model.notes).toEqual([]);
  const report = makeReport(model);
  expect(report.rows.map(row => [row.issuer, row.subject, row.audiences, report.identities[row.identity]!.name])).toEqual([
    ['https://token.actions.githubusercontent.com', 'repo:acme/*', null, 'arn:${aws.partition}:iam::${aws.account_id}:role/github'],
    ['${aws_eks_cluster.apps.identity.0.oidc.0.issuer}', 'system:serviceaccount:billing:reader', ['sts.amazonaws.com'], 'arn:${aws.partition}:iam::${aws.account_id}:role/reader'],
    ['${aws_eks_cluster.apps.identity.0.oidc.0.issuer}', 'system:serviceaccount:billing:writer', ['sts.amazonaws.com'], 'arn:${aws.partition}:iam::${aws.account_id}:role/reader'],
  ]);
  expect(report.identities.map(({ name, grants }) => [name, grants.map(({ permission }) => permission)])).toContainEqual(
    ['arn:${aws.partition}:iam::${aws.account_id}:role/reader', ['arn:aws:iam::aws:policy/ReadOnlyAccess']]);
  expect(check(model).findings.map(({ rule, where }) => [rule, where.address])).toEqual([
    ['missing-aud', 'aws_iam_role.github'], ['wildcard-sub', 'aws_iam_role.github'],
  ]);
});
