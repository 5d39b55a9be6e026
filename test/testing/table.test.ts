import { App, Testing, TerraformStack } from 'cdktf';
import { AwsChainedRole, AwsFederatedRole, AwsRoleViaGoogle, GcpFederatedPrincipal, GcpFederatedServiceAccount } from 'cdktf-workload-federation';
import { AzureFederatedIdentity } from 'cdktf-workload-federation/azure';
import { trustOf, trustSerializer } from 'cdktf-workload-federation/testing';
import { Clusters, LITERAL_AND_TOKENS } from '../clusters';
import { inFolder, stackIn } from '../synth';

expect.addSnapshotSerializer(trustSerializer);

const [[, LITERAL], [, TOKENS]] = LITERAL_AND_TOKENS as [[string, Clusters], [string, Clusters]];

function build(stack: TerraformStack, { eks, gke, aks }: Clusters, reversed = false): void {
  const trusts = [eks(stack), aks(stack)].map(cluster => cluster.serviceAccount('reports', 'reader'));
  const parts = [
    () => new AwsChainedRole(stack, 'Target', {
      source: new AwsFederatedRole(stack, 'Role', { trusts: [eks(stack).unsafeEveryServiceAccountOfNamespace('reports')] }),
      policyArns: ['arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess'],
    }),
    () => new GcpFederatedPrincipal(stack, 'Principal', { trusts, projectRoles: ['roles/storage.objectViewer'] }),
    () => new AwsRoleViaGoogle(stack, 'Via', {
      googleServiceAccount: new GcpFederatedServiceAccount(stack, 'Account', { accountId: 'reports-reader', trusts: [gke(stack).serviceAccount('reports', 'reader')] }),
    }),
    () => new AzureFederatedIdentity(stack, 'Azure', { trusts, identityName: 'reports-reader', resourceGroupName: 'reports', location: 'westeurope' }),
  ];
  (reversed ? parts.reverse() : parts).forEach(part => part());
}

test('the table names all ways in, by issuer and subject, with everything that a reviewer has to know', () => {
  const stack = stackIn(Testing.app());
  build(stack, TOKENS);
  expect(trustOf(Testing.synth(stack))).toMatchInlineSnapshot(`
\${google_service_account.Account.unique_id} of https://accounts.google.com
  becomes  AWS role arn:aws:iam::\${aws.account_id}:role/\${aws_iam_role.Via_Role_A7D4B682.name}
  by       Google as issuer
  for      gtoken/sts/assume-role-with-web-identity
  if       StringEquals accounts.google.com:aud \${google_service_account.Account.unique_id}

reports/* of \${data.aws_eks_cluster.EksCluster.identity.0.oidc.0.issuer}
  becomes  AWS role arn:aws:iam::\${aws.account_id}:role/\${aws_iam_role.Role.name}
  by       OIDC provider
  for      sts.amazonaws.com
  beware   wildcard
  may      workload-federation (sts:AssumeRole)

reports/* of \${data.aws_eks_cluster.EksCluster.identity.0.oidc.0.issuer}
  becomes  AWS role arn:aws:iam::\${aws.account_id}:role/\${aws_iam_role.Target.name}
  by       role chain
  through  arn:aws:iam::\${aws.account_id}:role/\${aws_iam_role.Role.name}
  for      sts.amazonaws.com
  if       through aws_iam_role.Role
  beware   wildcard
  may      AmazonS3ReadOnlyAccess

reports/reader of \${data.aws_eks_cluster.EksCluster.identity.0.oidc.0.issuer}
  becomes  Azure managed identity \${azurerm_user_assigned_identity.Azure.client_id}
  by       federated credential
  for      api://AzureADTokenExchange

reports/reader of \${data.aws_eks_cluster.EksCluster.identity.0.oidc.0.issuer}
  becomes  Google principal principal://iam.googleapis.com/projects/\${project_number("acme-apps")}/locations/global/workloadIdentityPools/eks-apps/subject/system:serviceaccount:reports:reader
  by       identity pool
  for      https://iam.googleapis.com/projects/\${project_number("acme-apps")}/locations/global/workloadIdentityPools/eks-apps/providers/eks-apps
  for      //iam.googleapis.com/projects/\${project_number("acme-apps")}/locations/global/workloadIdentityPools/eks-apps/providers/eks-apps
  may      roles/storage.objectViewer on acme-apps

reports/reader of \${data.azurerm_kubernetes_cluster.AksCluster.oidc_issuer_url}
  becomes  Azure managed identity \${azurerm_user_assigned_identity.Azure.client_id}
  by       federated credential
  for      api://AzureADTokenExchange

reports/reader of \${data.azurerm_kubernetes_cluster.AksCluster.oidc_issuer_url}
  becomes  Google principal principal://iam.googleapis.com/projects/\${project_number("acme-apps")}/locations/global/workloadIdentityPools/aks-apps/subject/system:serviceaccount:reports:reader
  by       identity pool
  for      https://iam.googleapis.com/projects/\${project_number("acme-apps")}/locations/global/workloadIdentityPools/aks-apps/providers/aks-apps
  for      //iam.googleapis.com/projects/\${project_number("acme-apps")}/locations/global/workloadIdentityPools/aks-apps/providers/aks-apps
  may      roles/storage.objectViewer on acme-apps

reports/reader of https://container.googleapis.com/v1/projects/acme-apps/locations/*/clusters/*
  becomes  AWS role arn:aws:iam::\${aws.account_id}:role/\${aws_iam_role.Via_Role_A7D4B682.name}
  by       Google as issuer
  through  reports-reader@acme-apps.iam.gserviceaccount.com
  for      acme-apps.svc.id.goog

reports/reader of https://container.googleapis.com/v1/projects/acme-apps/locations/*/clusters/*
  becomes  Google service account reports-reader@acme-apps.iam.gserviceaccount.com
  by       GKE's own pool
  for      acme-apps.svc.id.goog
  may      roles/iam.serviceAccountOpenIdTokenCreator on projects/acme-apps/serviceAccounts/reports-reader@acme-apps.iam.gserviceaccount.com
`);
});

test('the table is the same whatever the order of the code, and wherever it was written', () => {
  const tables = [false, true].map(reversed => {
    const stack = stackIn(Testing.app());
    build(stack, LITERAL, reversed);
    return trustOf(Testing.synth(stack)).toTable();
  });
  expect(tables[1]).toBe(tables[0]);
  inFolder(outdir => {
    const app = new App({ outdir });
    build(stackIn(app), LITERAL);
    app.synth();
    expect(trustOf(outdir).toTable()).toBe(tables[0]);
  });
});

test('the table of several stacks says in which what is become stands', () => inFolder(outdir => {
  const app = new App({ outdir });
  for (const id of ['one', 'two']) {
    const stack = stackIn(app, id);
    new AwsFederatedRole(stack, 'Role', { trusts: [LITERAL.eks(stack).serviceAccount('reports', 'reader')] });
  }
  app.synth();
  expect(trustOf(outdir)).toMatchInlineSnapshot(`
reports/reader of https://oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204
  becomes  AWS role arn:aws:iam::\${aws.account_id}:role/\${aws_iam_role.Role.name} in one
  by       OIDC provider
  for      sts.amazonaws.com

reports/reader of https://oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204
  becomes  AWS role arn:aws:iam::\${aws.account_id}:role/\${aws_iam_role.Role.name} in two
  by       OIDC provider
  for      sts.amazonaws.com
`);
}));

test('the table of nothing says so', () => {
  expect(trustOf(Testing.synth(stackIn(Testing.app()))).toTable()).toBe('nobody becomes anything');
});
