/** What each case of cases.ts comes to: the level, where, and the message. */
export const EXPECTED: ReadonlyMap<string, readonly (readonly [level: string, where: string, message: string])[]> = new Map([
  ['missing-sub of a cluster', [
    ['error', 'aws_iam_role.Reader assume_role_policy',
      'the Allow statement admits every subject of https://oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204, as it has no condition on sub: whoever may create a pod anywhere in the cluster becomes the role'],
  ]],
  ['missing-sub but a negation', [
    ['error', 'aws_iam_role.Reader assume_role_policy',
      'the Allow statement admits every subject of https://oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204, as StringNotEquals oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204:sub system:serviceaccount:default:x names none that is let in: whoever may create a pod anywhere in the cluster becomes the role'],
  ]],
  ['missing-sub of GitHub, where another claim may stand for it', [
    ['error', 'aws_iam_role.Reader assume_role_policy',
      'the Allow statement admits every subject of https://token.actions.githubusercontent.com, as it has no condition on sub: anyone with an account at GitHub becomes the role'],
  ]],
  ['missing-sub and a Deny statement that makes up for it', [
    ['error', 'aws_iam_role.Reader assume_role_policy',
      'the Allow statement admits every subject of https://oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204, as it has no condition on sub: whoever may create a pod anywhere in the cluster becomes the role'],
  ]],
  ['missing-sub in a flexible credential', [
    ['error', 'azuread_application_flexible_federated_identity_credential.Ci claims_matching_expression',
      'claims[\'ref\'] eq \'refs/heads/main\' does not look at sub: every subject of https://token.actions.githubusercontent.com that has the other claims becomes the identity'],
  ]],
  ['missing-aud where the provider takes one', [
    ['warning', 'aws_iam_role.Reader assume_role_policy',
      'the Allow statement takes tokens for sts.amazonaws.com, as the provider takes them: an audience that is added to the provider later is taken here as well'],
  ]],
  ['missing-aud where the provider takes several', [
    ['error', 'aws_iam_role.Reader assume_role_policy',
      'the Allow statement takes tokens for sts.amazonaws.com or vault, as the provider takes them: a token that the workload gave to another service is taken here as well'],
  ]],
  ['missing-aud of a provider that the input does not have', [
    ['error', 'aws_iam_role.Reader assume_role_policy',
      'the Allow statement takes tokens for whatever audience the provider takes, which is not in the input: a token that the workload gave to another service is taken here as well'],
  ]],
  ['missing-aud of Google', [
    ['note', 'aws_iam_role.Reader assume_role_policy',
      'the Allow statement takes tokens of any client, as accounts.google.com:aud is not compared: it says no more than sub does, and a reader has to know that'],
  ]],
  ['missing-aud of Cognito, whose subjects are users', [
    ['error', 'aws_iam_role.Reader assume_role_policy',
      'the Allow statement takes tokens for whatever audience the provider takes, which is not in the input: a token that the workload gave to another service is taken here as well'],
  ]],
  ['wildcard-sub of names of a namespace', [
    ['warning', 'aws_iam_role.Reader assume_role_policy',
      'StringLike oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204:sub system:serviceaccount:reports:reader-* admits every service account of the namespace reports whose name begins with reader-'],
  ]],
  ['wildcard-sub of namespaces', [
    ['warning', 'aws_iam_role.Reader assume_role_policy',
      'StringLike oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204:sub system:serviceaccount:team-*:reader admits the service account reader of every namespace whose name begins with team-, also of one that is made tomorrow'],
  ]],
  ['wildcard-sub of everything that begins so', [
    ['warning', 'aws_iam_role.Reader assume_role_policy',
      'StringLike oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204:sub system:serviceaccount:team* admits every service account of every namespace whose name begins with team'],
  ]],
  ['wildcard-sub of both', [
    ['warning', 'aws_iam_role.Reader assume_role_policy',
      'StringLike oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204:sub system:serviceaccount:team-*:read* admits every service account of every namespace whose name begins with team- whose own name begins with read'],
  ]],
  ['wildcard-sub of any namespace', [
    ['warning', 'aws_iam_role.Reader assume_role_policy',
      'StringLike oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204:sub system:serviceaccount:*:reader admits the service account reader of every namespace, also of one that is made tomorrow'],
  ]],
  ['wildcard-sub that is short of a character', [
    ['warning', 'aws_iam_role.Reader assume_role_policy',
      'StringLike oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204:sub system:serviceaccount:reports:reade? admits every service account of the namespace reports whose name matches reade?'],
  ]],
  ['wildcard-sub unless another condition names the subject', [
    ['warning', 'aws_iam_role.Reader assume_role_policy',
      'StringLike oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204:sub system:serviceaccount:reports:r* admits every service account of the namespace reports whose name begins with r'],
  ]],
  ['wildcard-sub of two patterns', [
    ['warning', 'aws_iam_role.Reader assume_role_policy',
      'the Allow statement admits every subject that matches StringLike oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204:sub system:* and ForAnyValue:StringLike oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204:sub *:reader'],
  ]],
  ['wildcard-sub of a repository', [
    ['warning', 'aws_iam_role.Reader assume_role_policy',
      'StringLike token.actions.githubusercontent.com:sub repo:acme/shop:* admits every job of acme/shop: of any branch, tag, environment and pull request'],
  ]],
  ['wildcard-sub of branches', [
    ['warning', 'aws_iam_role.Reader assume_role_policy',
      'StringLike token.actions.githubusercontent.com:sub repo:acme/shop:ref:refs/heads/release-* admits every job of acme/shop whose subject ends with what matches ref:refs/heads/release-*'],
  ]],
  ['wildcard-sub of an organization', [
    ['warning', 'aws_iam_role.Reader assume_role_policy',
      'StringLike token.actions.githubusercontent.com:sub repo:acme/* admits every job of every repository of acme that matches acme/*, also of one that is made tomorrow'],
  ]],
  ['wildcard-sub in a flexible credential', [
    ['warning', 'azuread_application_flexible_federated_identity_credential.Ci claims_matching_expression',
      'claims[\'sub\'] matches \'repo:acme/shop:*\' admits every job of acme/shop: of any branch, tag, environment and pull request'],
  ]],
  ['ci-anyone of GitHub', [
    ['error', 'aws_iam_role.Reader assume_role_policy',
      'StringLike token.actions.githubusercontent.com:sub repo:* admits everyone who has a token of GitHub that matches repo:*'],
  ]],
  ['ci-anyone of owners that begin so', [
    ['error', 'aws_iam_role.Reader assume_role_policy',
      'StringLike token.actions.githubusercontent.com:sub repo:acme* admits every customer of GitHub whose name begins with acme, also one that is made for the purpose'],
  ]],
  ['ci-anyone of everything', [
    ['error', 'aws_iam_role.Reader assume_role_policy',
      'StringLike token.actions.githubusercontent.com:sub * admits everyone who has a token of GitHub'],
  ]],
  ['ci-anyone in the condition of a pool', [
    ['error', 'google_iam_workload_identity_pool_provider.Pool attribute_condition',
      'assertion.sub.startsWith(\'repo:\') admits everyone who has a token of GitHub that matches repo:*'],
  ]],
  ['wildcard-aud of AWS', [
    ['warning', 'aws_iam_role.Reader assume_role_policy',
      'StringLike oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204:aud sts.* takes tokens that were made for any audience that matches: whoever gets one of them from the workload can become the role'],
  ]],
  ['kubernetes-api-audience in a trust policy', [
    ['error', 'aws_iam_role.Reader assume_role_policy',
      'https://kubernetes.default.svc.cluster.local is an audience of the tokens that pods get without asking: whoever sees one of those becomes the role'],
  ]],
  ['kubernetes-api-audience of a provider', [
    ['error', 'aws_iam_openid_connect_provider.Apps client_id_list',
      'kubernetes is an audience of the tokens that pods get without asking: roles that do not compare aud take them'],
  ]],
  ['kubernetes-api-audience that is the issuer, in a pool', [
    ['error', 'google_iam_workload_identity_pool_provider.Pool oidc',
      'https://container.googleapis.com/v1/projects/acme/locations/europe-west1/clusters/apps is an audience of the tokens that pods get without asking: whoever sees one of those is in the pool'],
  ]],
  ['kubernetes-api-audience in Azure', [
    ['error', 'azurerm_federated_identity_credential.Aks audience',
      'https://kubernetes.default.svc is an audience of the tokens that pods get without asking: whoever sees one of those becomes the identity'],
  ]],
  ['for-all-values of sub', [
    ['error', 'aws_iam_role.Reader assume_role_policy',
      'ForAllValues:StringEquals oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204:sub system:serviceaccount:reports:reader is true for a token without sub: it does not keep out whoever has one'],
  ]],
  ['for-all-values of another claim', [
    ['warning', 'aws_iam_role.Reader assume_role_policy',
      'ForAllValues:StringEquals token.actions.githubusercontent.com:repository acme/shop is true for a token without repository: it does not keep out whoever has one'],
  ]],
  ['if-exists of aud', [
    ['error', 'aws_iam_role.Reader assume_role_policy',
      'StringEqualsIfExists oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204:aud sts.amazonaws.com is true for a token without aud: it does not keep out whoever has one'],
  ]],
  ['string-like-without-wildcard of sub', [
    ['note', 'aws_iam_role.Reader assume_role_policy',
      'StringLike oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204:sub system:serviceaccount:reports:reader has no wildcard, and says what StringEquals says'],
  ]],
  ['literal-wildcard in AWS', [
    ['error', 'aws_iam_role.Reader assume_role_policy',
      'StringEquals compares sub with system:serviceaccount:reports:* to the letter, and no token has a * there: nobody is let in by it'],
  ]],
  ['literal-wildcard in Google Cloud', [
    ['error', 'google_service_account_iam_member.Trust member',
      'members compare the subject system:serviceaccount:reports:* to the letter, and no token has a * there: nobody is let in by it'],
  ]],
  ['literal-wildcard in Azure', [
    ['error', 'azurerm_federated_identity_credential.Aks subject',
      'Entra ID compares the subject system:serviceaccount:reports:* to the letter, and no token has a * there: nobody is let in by it'],
  ]],
  ['any-principal for tokens', [
    ['error', 'aws_iam_role.Reader assume_role_policy',
      'the Allow statement is for every principal of AWS: whoever meets StringEquals oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204:aud sts.amazonaws.com and StringEquals oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204:sub system:serviceaccount:reports:reader becomes the role'],
  ]],
  ['any-principal for roles on a condition', [
    ['warning', 'aws_iam_role.Reader assume_role_policy',
      'the Allow statement is for every principal of AWS: whoever meets StringEquals aws:PrincipalOrgID o-1 becomes the role'],
  ]],
  ['not-principal beside Allow', [
    ['error', 'aws_iam_role.Reader assume_role_policy',
      'the Allow statement is for everyone but those that it names, if StringEquals oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204:aud sts.amazonaws.com and StringEquals oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204:sub system:serviceaccount:reports:reader'],
  ]],
  ['public-member of a service account', [
    ['error', 'google_service_account_iam_member.Trust member',
      'allUsers has roles/iam.workloadIdentityUser on projects/acme/serviceAccounts/reader@acme.iam.gserviceaccount.com: anyone at all'],
  ]],
  ['google-id-token-without-oaud as the article has it', [
    ['error', 'aws_iam_role.Reader assume_role_policy',
      'the role takes every ID token of the Google service account, whatever audience it was made for: any service that gets one from it can become the role. aud, which IAM reads from azp, does not say for whom it was made'],
  ]],
  ['second-action that tags', [
    ['warning', 'aws_iam_role.Reader assume_role_policy',
      'the Allow statement allows sts:TagSession to whoever has a token, beside sts:AssumeRoleWithWebIdentity'],
  ]],
  ['second-action by a wildcard', [
    ['warning', 'aws_iam_role.Reader assume_role_policy',
      'the Allow statement allows sts:* to whoever has a token, beside sts:AssumeRoleWithWebIdentity'],
  ]],
  ['condition-of-another-issuer that never holds', [
    ['error', 'aws_iam_role.Reader assume_role_policy',
      'the Allow statement compares oidc.eks.eu-west-1.amazonaws.com/id/0F3C9B5A6D7E4812A1B2C3D4E5F60718:sub, and tokens of oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204 have no such key: none of them is taken'],
  ]],
  ['condition-of-another-issuer that always holds', [
    ['error', 'aws_iam_role.Reader assume_role_policy',
      'the Allow statement compares westeurope.oic.prod-aks.azure.com/5b0f5c4e-8a6e-4b0e-9d0a-3f6f6f0a7a11/0c1d6a52-7e0f-4f57-8a3b-9f2f1c7f4d20/:sub, and tokens of oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204 have no such key: StringNotEquals is met by every one of them'],
  ]],
  ['pinned-thumbprint of a provider', [
    ['note', 'aws_iam_openid_connect_provider.Apps thumbprint_list',
      'the provider has a thumbprint, which goes stale when the issuer renews its certificates'],
  ]],
  ['unused-client-id that nothing compares with', [
    ['note', 'aws_iam_openid_connect_provider.Apps client_id_list',
      'the provider takes tokens for vault, and no role of the input compares aud with it'],
  ]],
  ['unused-provider of AWS', [
    ['note', 'aws_iam_openid_connect_provider.Apps',
      'no role of the input trusts https://oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204, which is registered here'],
  ]],
  ['unused-provider of a pool', [
    ['note', 'google_iam_workload_identity_pool_provider.Pool',
      'no member of the input is of the pool of https://oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204'],
  ]],
  ['cluster-without-identity of Azure', [
    ['note', 'azurerm_kubernetes_cluster.Apps',
      'the cluster issues tokens for federation, and no identity of the input takes them'],
  ]],
  ['cluster-without-identity of Google', [
    ['note', 'google_container_cluster.Apps',
      'the cluster issues tokens for federation as https://container.googleapis.com/v1/projects/acme/locations/europe-west1/clusters/apps, and no identity of the input takes them'],
  ]],
  ['whole-pool-member with a condition', [
    ['warning', 'google_service_account_iam_member.Trust member',
      'principalSet://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/apps/* has roles/iam.workloadIdentityUser on projects/acme/serviceAccounts/reader@acme.iam.gserviceaccount.com: whoever assertion.sub == \'system:serviceaccount:reports:reader\' admits'],
  ]],
  ['whole-pool-member without one', [
    ['error', 'google_service_account_iam_member.Trust member',
      'principalSet://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/apps/* has roles/iam.workloadIdentityUser on projects/acme/serviceAccounts/reader@acme.iam.gserviceaccount.com: a provider of the pool has no condition, so that every token of its issuer is in it'],
  ]],
  ['whole-pool-member of Google\'s own pool', [
    ['error', 'google_service_account_iam_member.Trust member',
      'every pod of every GKE cluster of the project acme has roles/iam.workloadIdentityUser on projects/acme/serviceAccounts/reader@acme.iam.gserviceaccount.com'],
  ]],
  ['attribute-member of a claim that many have', [
    ['warning', 'google_service_account_iam_member.Trust member',
      'everyone of the pool whose attribute.aud (assertion.aud) is x has roles/iam.workloadIdentityUser on projects/acme/serviceAccounts/reader@acme.iam.gserviceaccount.com, and not one subject'],
  ]],
  ['group-member of a pool', [
    ['warning', 'google_service_account_iam_member.Trust member',
      'everyone whose token names the group readers has roles/iam.workloadIdentityUser on projects/acme/serviceAccounts/reader@acme.iam.gserviceaccount.com: the issuer decides who that is'],
  ]],
  ['colliding-subjects by the same mapping', [
    ['error', 'google_iam_workload_identity_pool_provider.Second attribute_mapping',
      'tokens of https://oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204 and of https://oidc.eks.eu-west-1.amazonaws.com/id/0F3C9B5A6D7E4812A1B2C3D4E5F60718 become the same google.subject in the pool projects/123456789012/locations/global/workloadIdentityPools/apps: the service account of the same name in the other cluster is the same identity'],
  ]],
  ['colliding-subjects unless the conditions keep them apart', [
    ['error', 'google_iam_workload_identity_pool_provider.Second attribute_mapping',
      'tokens of https://oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204 and of https://oidc.eks.eu-west-1.amazonaws.com/id/0F3C9B5A6D7E4812A1B2C3D4E5F60718 become the same google.subject in the pool projects/123456789012/locations/global/workloadIdentityPools/apps: the service account of the same name in the other cluster is the same identity'],
  ]],
  ['colliding-subjects where no member is known', [
    ['error', 'google_iam_workload_identity_pool_provider.Second attribute_mapping',
      'tokens of https://oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204 and of https://oidc.eks.eu-west-1.amazonaws.com/id/0F3C9B5A6D7E4812A1B2C3D4E5F60718 become the same google.subject in the pool projects/123456789012/locations/global/workloadIdentityPools/apps: the service account of the same name in the other cluster is the same identity'],
  ]],
  ['no-attribute-condition of a cluster', [
    ['warning', 'google_iam_workload_identity_pool_provider.Pool attribute_condition',
      'every token of https://oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204 is in the pool: that of each pod of the cluster'],
  ]],
  ['no-attribute-condition of GitHub', [
    ['error', 'google_iam_workload_identity_pool_provider.Pool attribute_condition',
      'every token of https://token.actions.githubusercontent.com is in the pool: that of each customer of GitHub'],
  ]],
  ['condition-always-true as it says so', [
    ['warning', 'google_iam_workload_identity_pool_provider.Pool attribute_condition',
      'true is true for every token of https://oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204, as if there were no condition'],
  ]],
  ['condition-always-true as it compares the issuer', [
    ['warning', 'google_iam_workload_identity_pool_provider.Pool attribute_condition',
      'assertion.iss == \'https://oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204\' is true for every token of https://oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204, as if there were no condition'],
  ]],
  ['condition-wider-than-members for a whole cluster', [
    ['note', 'google_iam_workload_identity_pool_provider.Pool attribute_condition',
      'assertion.sub.startsWith(\'system:serviceaccount:\') admits others too, as system:serviceaccount:any:any, of whom the input has no member: whoever may grant roles to principals of the pool lets them in'],
  ]],
  ['condition-wider-than-members for another namespace', [
    ['note', 'google_iam_workload_identity_pool_provider.Pool attribute_condition',
      'assertion.sub in [\'system:serviceaccount:reports:reader\', \'system:serviceaccount:shop:cart\'] admits others too, as system:serviceaccount:shop:cart, of whom the input has no member: whoever may grant roles to principals of the pool lets them in'],
  ]],
  ['condition-wider-than-members by a namespace', [
    ['note', 'google_iam_workload_identity_pool_provider.Pool attribute_condition',
      'assertion[\'kubernetes.io\'][\'namespace\'] in [\'reports\', \'shop\'] admits others too, as system:serviceaccount:shop:any, of whom the input has no member: whoever may grant roles to principals of the pool lets them in'],
  ]],
  ['condition-wider-than-members for accounts of one name', [
    ['note', 'google_iam_workload_identity_pool_provider.Pool attribute_condition',
      'assertion.sub.endsWith(\':reader\') admits others too, as system:serviceaccount:any:reader, of whom the input has no member: whoever may grant roles to principals of the pool lets them in'],
  ]],
  ['condition-wider-than-members of an issuer of one\'s own', [
    ['note', 'google_iam_workload_identity_pool_provider.Pool attribute_condition',
      'assertion.sub.startsWith(\'system:\') admits others too, as system:serviceaccount:any:any, of whom the input has no member: whoever may grant roles to principals of the pool lets them in'],
  ]],
  ['condition-wider-than-members of namespaces that begin alike', [
    ['note', 'google_iam_workload_identity_pool_provider.Pool attribute_condition',
      'assertion.sub.startsWith(\'system:serviceaccount:reports\') admits others too, as system:serviceaccount:reportsany:any, of whom the input has no member: whoever may grant roles to principals of the pool lets them in'],
  ]],
  ['condition-never-true as it compares another issuer', [
    ['error', 'google_iam_workload_identity_pool_provider.Pool attribute_condition',
      'assertion.iss == \'https://oidc.eks.eu-west-1.amazonaws.com/id/0F3C9B5A6D7E4812A1B2C3D4E5F60718\' is true for no token of https://oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204: nobody is in the pool by it'],
  ]],
  ['default-audience-absent of a pool', [
    ['note', 'google_iam_workload_identity_pool_provider.Pool oidc',
      'the provider takes acme, and not the audience that names it'],
  ]],
  ['extra-audience of another cloud', [
    ['warning', 'google_iam_workload_identity_pool_provider.Pool oidc',
      'the provider takes tokens that were made for sts.amazonaws.com: whoever gets one there can use it in Google Cloud'],
  ]],
  ['extra-audience beside its own', [
    ['warning', 'google_iam_workload_identity_pool_provider.Pool oidc',
      'the provider takes tokens that were made for acme: whoever gets one there can use it in Google Cloud'],
  ]],
  ['uploaded-keys of a cluster that publishes its own', [
    ['warning', 'google_iam_workload_identity_pool_provider.Pool oidc',
      'tokens of https://oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204 are checked with uploaded keys, and not with those that the cluster publishes: whoever has the private half of one of them signs any subject, and tokens are refused once the issuer signs with another key'],
  ]],
  ['uploaded-keys of GitHub', [
    ['warning', 'google_iam_workload_identity_pool_provider.Pool oidc',
      'tokens of https://token.actions.githubusercontent.com are checked with uploaded keys, and not with those that GitHub publishes: whoever has the private half of one of them signs any subject, and tokens are refused once the issuer signs with another key'],
  ]],
  ['uploaded-keys of an issuer of one\'s own', [
    ['note', 'google_iam_workload_identity_pool_provider.Pool oidc',
      'tokens of https://issuer.acme.example are checked with uploaded keys: whoever has the private half of one of them signs any subject, so a change of the keys wants the same review as one of the condition'],
  ]],
  ['uploaded-keys of a cluster of the input, where only Terraform knows the keys', [
    ['warning', 'google_iam_workload_identity_pool_provider.Pool oidc',
      'tokens of ${azurerm_kubernetes_cluster.Apps.oidc_issuer_url} are checked with uploaded keys, and not with those that the cluster publishes, unless ${var.keys} is null: whoever has the private half of one of them signs any subject, and tokens are refused once the issuer signs with another key'],
  ]],
  ['authoritative-binding of a service account', [
    ['warning', 'google_service_account_iam_binding.Trust',
      'google_service_account_iam_binding.Trust replaces all members of the role roles/iam.workloadIdentityUser on projects/acme/serviceAccounts/reader@acme.iam.gserviceaccount.com: what others grant is removed at each apply'],
  ]],
  ['authoritative-binding that undoes another, as in the article', [
    ['error', 'google_service_account_iam_binding.Other',
      'google_service_account_iam_binding.Other replaces all members of the role roles/iam.workloadIdentityUser on projects/acme/serviceAccounts/reader@acme.iam.gserviceaccount.com, also those of google_service_account_iam_member.Trust: they undo each other at each apply'],
  ]],
  ['authoritative-binding of a whole project', [
    ['error', 'google_project_iam_policy.All',
      'google_project_iam_policy.All replaces all members of all roles on acme: what others grant is removed at each apply'],
  ]],
  ['stored-key of a federated service account', [
    ['error', 'google_service_account_key.Key',
      'a key of the service account projects/acme/serviceAccounts/reader@acme.iam.gserviceaccount.com is kept in the state: whoever reads it is projects/acme/serviceAccounts/reader@acme.iam.gserviceaccount.com without a token, although it is federated'],
  ]],
  ['stored-key of a user of AWS', [
    ['warning', 'aws_iam_access_key.Key',
      'an access key of the user ci is kept in the state: whoever reads it is ci without a token'],
  ]],
  ['stored-key of a federated application', [
    ['error', 'azuread_application_password.Key',
      'a secret of the application ${azuread_application.App.id} is kept in the state: whoever reads it is ${azuread_application.App.id} without a token, although it is federated'],
  ]],
  ['token-creator-on-project for a subject', [
    ['error', 'google_project_iam_member.Role member',
      'principal://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/apps/subject/system:serviceaccount:reports:reader has roles/iam.serviceAccountTokenCreator on the project acme: it becomes every service account there, also those that are made tomorrow'],
  ]],
  ['token-creator-on-project for a service account', [
    ['error', 'google_project_iam_member.Role member',
      'serviceAccount:reader@acme.iam.gserviceaccount.com has roles/iam.workloadIdentityUser on the project acme: it becomes every service account there, also those that are made tomorrow'],
  ]],
  ['google-basic-role behind a token', [
    ['warning', 'google_project_iam_member.Role member',
      'whoever becomes reader@acme.iam.gserviceaccount.com by a token has roles/editor on acme'],
  ]],
  ['google-iam-admin-role behind a token', [
    ['warning', 'google_project_iam_member.Role member',
      'whoever becomes reader@acme.iam.gserviceaccount.com by a token has roles/resourcemanager.projectIamAdmin on acme, and can give itself any other role there'],
  ]],
  ['azure-broad-role behind a token', [
    ['warning', 'azurerm_role_assignment.Role',
      'whoever becomes ${azurerm_user_assigned_identity.Reader.client_id} by a token has Contributor on /subscriptions/s'],
  ]],
  ['aws-admin by a policy of AWS', [
    ['warning', 'aws_iam_role_policy_attachment.Policy',
      'whoever becomes arn:aws:iam::111122223333:role/reader by a token has arn:aws:iam::aws:policy/AdministratorAccess'],
  ]],
  ['aws-admin by a statement', [
    ['warning', 'aws_iam_role_policy.Policy',
      'whoever becomes arn:aws:iam::111122223333:role/reader by a token has p, which allows [*] on everything'],
  ]],
  ['gke-issuer-outlives-cluster in Azure', [
    ['note', 'azurerm_federated_identity_credential.Aks issuer',
      'the issuer https://container.googleapis.com/v1/projects/acme/locations/europe-west1/clusters/apps is named after its cluster: whoever may create a cluster of that name, once this one is gone, inherits what trusts it'],
  ]],
  ['gke-shared-workload-pool of a project', [
    ['note', 'google_service_account_iam_member.Trust member',
      'the same namespace and service account name in any GKE cluster of the project acme is the same identity, also in a cluster that is made tomorrow'],
  ]],
  ['google-as-identity-provider of a role', [
    ['note', 'aws_iam_role.Reader',
      'arn:aws:iam::111122223333:role/reader is become by ID tokens of Google: whoever may have them made for the Google service account'],
  ]],
  ['default-namespace in AWS', [
    ['warning', 'aws_iam_role.Reader assume_role_policy',
      'arn:aws:iam::111122223333:role/reader trusts the namespace default, in which everything lands that is deployed without one'],
  ]],
  ['default-service-account in Azure', [
    ['warning', 'azurerm_federated_identity_credential.Aks',
      '${azurerm_user_assigned_identity.Reader.client_id} trusts the service account default of the namespace reports, as which every pod runs that names none'],
  ]],
  ['unsafe-namespace in AWS', [
    ['warning', 'aws_iam_role.Reader assume_role_policy',
      'StringLike oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204:sub system:serviceaccount:reports:* admits every service account of the namespace reports'],
  ]],
  ['unsafe-namespace by an attribute', [
    ['warning', 'google_service_account_iam_member.Trust member',
      'every service account of the namespace reports has roles/iam.workloadIdentityUser on projects/acme/serviceAccounts/reader@acme.iam.gserviceaccount.com, also one that is made tomorrow'],
  ]],
  ['unsafe-namespace of Google\'s own pool', [
    ['warning', 'google_service_account_iam_member.Trust member',
      'every service account of the namespace reports in every GKE cluster of the project acme has roles/iam.workloadIdentityUser on projects/acme/serviceAccounts/reader@acme.iam.gserviceaccount.com'],
  ]],
  ['unsafe-cluster in AWS', [
    ['warning', 'aws_iam_role.Reader assume_role_policy',
      'StringLike oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204:sub system:serviceaccount:* admits every service account of every namespace of https://oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204'],
  ]],
  ['unsafe-cluster by a pattern of everything', [
    ['error', 'aws_iam_role.Reader assume_role_policy',
      'StringLike oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204:sub * admits every subject of https://oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204'],
  ]],
  ['unsafe-cluster of Google\'s own pool', [
    ['warning', 'google_service_account_iam_member.Trust member',
      'every service account of the cluster https://container.googleapis.com/v1/projects/acme/locations/europe-west1/clusters/apps has roles/iam.workloadIdentityUser on projects/acme/serviceAccounts/reader@acme.iam.gserviceaccount.com'],
  ]],
  ['oidc-provider-of-another-alias of another account', [
    ['error', 'aws_iam_role.Reader assume_role_policy',
      'the role trusts arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204, which is in another account: IAM takes no token by it'],
  ]],
  ['pod-identity-without-session-tags of an association', [
    ['warning', 'aws_eks_pod_identity_association.Reader disable_session_tags',
      'sessions of reports/reader have no tags, and the role lets in every association of the account: its trust policy cannot say for which service account it is'],
  ]],
  ['pod-identity-any-association of a role', [
    ['note', 'aws_iam_role.Reader assume_role_policy',
      'the role is for any association of Pod Identity: whoever may create one in the account, and pass the role, chooses the service account'],
  ]],
  ['pod-identity-any-association whatever its eks-cluster-arn', [
    ['note', 'aws_iam_role.Reader assume_role_policy',
      'the role does not compare aws:RequestTag/eks-cluster-arn: whoever may create an association of Pod Identity in the account, and pass the role, chooses the cluster'],
  ]],
  ['pod-identity-any-association whatever its kubernetes-namespace', [
    ['note', 'aws_iam_role.Reader assume_role_policy',
      'the role does not compare aws:RequestTag/kubernetes-namespace: whoever may create an association of Pod Identity in the account, and pass the role, chooses the namespace'],
  ]],
  ['pod-identity-any-association whatever its kubernetes-service-account', [
    ['note', 'aws_iam_role.Reader assume_role_policy',
      'the role does not compare aws:RequestTag/kubernetes-service-account: whoever may create an association of Pod Identity in the account, and pass the role, chooses the service account'],
  ]],
  ['pod-identity-any-association whatever its cluster and namespace', [
    ['note', 'aws_iam_role.Reader assume_role_policy',
      'the role does not compare aws:RequestTag/eks-cluster-arn and aws:RequestTag/kubernetes-namespace: whoever may create an association of Pod Identity in the account, and pass the role, chooses the cluster and the namespace'],
  ]],
  ['pod-identity-any-association with any value of a tag', [
    ['note', 'aws_iam_role.Reader assume_role_policy',
      'the role does not compare aws:RequestTag/kubernetes-namespace: whoever may create an association of Pod Identity in the account, and pass the role, chooses the namespace'],
  ]],
  ['pod-identity-any-association with a pattern of everything', [
    ['note', 'aws_iam_role.Reader assume_role_policy',
      'the role does not compare aws:RequestTag/kubernetes-namespace: whoever may create an association of Pod Identity in the account, and pass the role, chooses the namespace'],
  ]],
  ['pod-identity-any-association with the tag itself', [
    ['note', 'aws_iam_role.Reader assume_role_policy',
      'the role does not compare aws:RequestTag/kubernetes-namespace: whoever may create an association of Pod Identity in the account, and pass the role, chooses the namespace'],
  ]],
  ['pod-identity-any-association where not all tags are denied', [
    ['note', 'aws_iam_role.Reader assume_role_policy',
      'the role does not compare aws:RequestTag/kubernetes-service-account: whoever may create an association of Pod Identity in the account, and pass the role, chooses the service account'],
  ]],
  ['pod-identity-any-association where tags are denied, and sessions without tags are not', [
    ['note', 'aws_iam_role.Reader assume_role_policy',
      'the role is for any association of Pod Identity: whoever may create one in the account, and pass the role, chooses the service account'],
  ]],
  ['pod-identity-any-association where tags are compared if they are there', [
    ['note', 'aws_iam_role.Reader assume_role_policy',
      'the role is for any association of Pod Identity: whoever may create one in the account, and pass the role, chooses the service account'],
  ]],
  ['registered-in-two-stacks in one account', [
    ['error', 'aws_iam_openid_connect_provider.Apps',
      'https://oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204 is registered by aws_iam_openid_connect_provider.Apps of apps too, in the same account: the second of them fails'],
  ]],
  ['registered-in-two-stacks as a pool', [
    ['error', 'google_iam_workload_identity_pool.Pool',
      'the pool projects/${project_number("acme")}/locations/global/workloadIdentityPools/apps is made by google_iam_workload_identity_pool.Pool of apps too: the second of them fails'],
  ]],
  ['aks-issuer-without-slash in Azure', [
    ['error', 'azurerm_federated_identity_credential.Aks issuer',
      'the tokens of the cluster have https://westeurope.oic.prod-aks.azure.com/5b0f5c4e-8a6e-4b0e-9d0a-3f6f6f0a7a11/0c1d6a52-7e0f-4f57-8a3b-9f2f1c7f4d20/ as iss, and https://westeurope.oic.prod-aks.azure.com/5b0f5c4e-8a6e-4b0e-9d0a-3f6f6f0a7a11/0c1d6a52-7e0f-4f57-8a3b-9f2f1c7f4d20 is not the same: none of them is taken'],
  ]],
  ['azure-audience of a credential', [
    ['warning', 'azurerm_federated_identity_credential.Aks audience',
      'the credential takes tokens for sts.amazonaws.com, which neither Azure\'s webhook nor its libraries ask for: whoever gets such a token elsewhere can become the identity'],
  ]],
  ['not-a-kubernetes-subject in Azure', [
    ['error', 'azurerm_federated_identity_credential.Aks subject',
      'no token of https://westeurope.oic.prod-aks.azure.com/5b0f5c4e-8a6e-4b0e-9d0a-3f6f6f0a7a11/0c1d6a52-7e0f-4f57-8a3b-9f2f1c7f4d20/ has the sub reports/reader: those of its service accounts are system:serviceaccount:<namespace>:<name>'],
  ]],
  ['not-a-kubernetes-subject in AWS', [
    ['error', 'aws_iam_role.Reader assume_role_policy',
      'no token of https://oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204 has the sub system:serviceaccounts:reports:reader: those of its service accounts are system:serviceaccount:<namespace>:<name>'],
  ]],
  ['not-a-kubernetes-subject in Google Cloud', [
    ['error', 'google_service_account_iam_member.Trust member',
      'no token of https://oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204 has the sub reports:reader: those of its service accounts are system:serviceaccount:<namespace>:<name>'],
  ]],
  ['too-many-credentials of an identity', [
    ['error', 'azurerm_federated_identity_credential.C20',
      'it is the 21st of 21 federated credentials of its identity, and Azure takes 20'],
  ]],
  ['issuer-near-miss in a slash', [
    ['error', 'azurerm_federated_identity_credential.Aks issuer',
      'https://oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204/ differs from https://oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204 of aws_iam_openid_connect_provider.Apps in a slash at the end alone: tokens of the one are never taken for the other'],
  ]],
  ['issuer-near-miss in case, where the cluster itself is known', [
    ['error', 'aws_iam_openid_connect_provider.Apps url',
      'https://oidc.eks.eu-west-1.amazonaws.com/id/7d1a0c4a3f0b4e0e8c52e3a6f9b1d204 differs from https://oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204 of aws_eks_cluster.Apps in case alone: tokens of the one are never taken for the other'],
  ]],
  ['issuer-near-miss in a port', [
    ['error', 'azurerm_federated_identity_credential.Aks issuer',
      'https://issuer.acme.example:443 differs from https://issuer.acme.example of google_iam_workload_identity_pool_provider.Pool in a port alone: tokens of the one are never taken for the other'],
  ]],
  ['issuer-near-miss in the scheme', [
    ['error', 'azurerm_federated_identity_credential.Aks issuer',
      'http://issuer.acme.example differs from https://issuer.acme.example of google_iam_workload_identity_pool_provider.Pool in the scheme alone: tokens of the one are never taken for the other'],
  ]],
  ['http-issuer of one\'s own', [
    ['error', 'azurerm_federated_identity_credential.Aks issuer',
      'the issuer http://issuer.acme.example is not served by TLS: no cloud takes its keys, or whoever is on the way can put theirs in place of them'],
  ]],
  ['dead-issuer after a cluster was made again', [
    ['error', 'aws_iam_openid_connect_provider.Apps url',
      'https://oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204 is not among the 1 issuers that exist by live.json: the workloads of the cluster that took its place, if one did, are refused, and this trust is left over'],
  ]],
  ['unknown-service-account beside the ones that there are', [
    ['note', 'aws_iam_role.Reader assume_role_policy',
      'arn:aws:iam::111122223333:role/reader trusts the service account reports/reader, which no workload of the input is: unless it is made elsewhere, as by manifestsOnly, Helm or Argo CD, whoever may create it becomes the identity'],
  ]],
  ['token-lifetime of a day', [
    ['note', 'kubernetes_pod_v1.Reader spec.container[0].env',
      'tokens of reports/reader are valid for 86400 seconds: whoever gets to see one can use it for 24 hours'],
  ]],
  ['token-lifetime of more than a day', [
    ['warning', 'kubernetes_pod_v1.Reader spec.container[0].env',
      'tokens of reports/reader are valid for 90000 seconds: whoever gets to see one can use it for more than a day'],
  ]],
  ['pod-wiring of a file that is not there', [
    ['error', 'kubernetes_pod_v1.Reader spec.container[0].volume_mount',
      'the pods of reports/reader cannot become arn:aws:iam::111122223333:role/reader: they need a projected token at /tokens/other, as AWS_WEB_IDENTITY_TOKEN_FILE says, and have volume tokens holds aws'],
  ]],
  ['unwired-workload of AWS', [
    ['warning', 'kubernetes_pod_v1.Bare spec.service_account_name',
      'these pods run as reports/reader, which may become arn:aws:iam::111122223333:role/reader, and have nothing by which their clients would: no variable, token or annotation'],
  ]],
  ['unwired-workload of Google Cloud, in a manifest', [
    ['warning', 'kubernetes_manifest.Bare manifest.spec.template.spec.serviceAccountName',
      'these pods run as reports/reader, which may become reader@acme.iam.gserviceaccount.com, and have nothing by which their clients would: no variable, token or annotation'],
  ]],
  ['unwired-workload of Azure, without the label that its webhook wants', [
    ['warning', 'kubernetes_pod_v1.Bare spec.service_account_name',
      'these pods run as reports/reader, which may become ${azurerm_user_assigned_identity.Reader.client_id}, and have nothing by which their clients would: no variable, token or annotation'],
  ]],
  ['unwired-workload of a CronJob, where another pod is wired', [
    ['warning', 'kubernetes_manifest.Bare manifest.spec.jobTemplate.spec.template.spec.serviceAccountName',
      'these pods run as reports/reader, which may become arn:aws:iam::111122223333:role/reader, and have nothing by which their clients would: no variable, token or annotation'],
  ]],
  ['unwired-workload of one container, where another shall have nothing', [
    ['warning', 'kubernetes_manifest.Bare manifest.spec.template.spec.serviceAccountName',
      'these pods run as reports/reader, which may become arn:aws:iam::111122223333:role/reader, and have nothing by which their clients would: no variable, token or annotation'],
  ]],
  ['unwired-workload of a container that another cloud leaves out', [
    ['warning', 'kubernetes_manifest.Bare manifest.spec.template.spec.serviceAccountName',
      'these pods run as reports/reader, which may become arn:aws:iam::111122223333:role/reader, and have nothing by which their clients would: no variable, token or annotation'],
  ]],
  ['unwired-workload of names with a separator of another cloud', [
    ['warning', 'kubernetes_manifest.Bare manifest.spec.template.spec.serviceAccountName',
      'these pods run as reports/reader, which may become ${azurerm_user_assigned_identity.Reader.client_id}, and have nothing by which their clients would: no variable, token or annotation'],
  ]],
  ['unwired-workload of a Deployment that is skipped by another word', [
    ['warning', 'kubernetes_manifest.Bare manifest.spec.template.spec.serviceAccountName',
      'these pods run as reports/reader, which may become arn:aws:iam::111122223333:role/reader, and have nothing by which their clients would: no variable, token or annotation'],
  ]],
  ['unwired-workload of a CronJob that is not skipped', [
    ['warning', 'kubernetes_manifest.Bare manifest.spec.jobTemplate.spec.template.spec.serviceAccountName',
      'these pods run as reports/reader, which may become arn:aws:iam::111122223333:role/reader, and have nothing by which their clients would: no variable, token or annotation'],
  ]],
  ['unwired-workload of a Deployment whose annotations are not known', [
    ['warning', 'kubernetes_manifest.Bare manifest.spec.template.spec.serviceAccountName',
      'these pods run as reports/reader, which may become arn:aws:iam::111122223333:role/reader, and have nothing by which their clients would: no variable, token or annotation'],
  ]],
  ['unwired-workload of a Deployment with some annotations that are known', [
    ['warning', 'kubernetes_manifest.Bare manifest.spec.template.spec.serviceAccountName',
      'these pods run as reports/reader, which may become arn:aws:iam::111122223333:role/reader, and have nothing by which their clients would: no variable, token or annotation'],
  ]],
  ['unwired-workload of a Deployment that is skipped by no text', [
    ['warning', 'kubernetes_manifest.Bare manifest.spec.template.spec.serviceAccountName',
      'these pods run as reports/reader, which may become arn:aws:iam::111122223333:role/reader, and have nothing by which their clients would: no variable, token or annotation'],
  ]],
  ['unwired-workload of a pod that says it of something else', [
    ['warning', 'kubernetes_pod_v1.Bare spec.service_account_name',
      'these pods run as reports/reader, which may become arn:aws:iam::111122223333:role/reader, and have nothing by which their clients would: no variable, token or annotation'],
  ]],
  ['pod-wiring of pods that shall not be wired', [
    ['error', 'kubernetes_pod_v1.Reader spec.container[0].volume_mount',
      'the pods of reports/reader cannot become arn:aws:iam::111122223333:role/reader: they need a projected token at /tokens/other, as AWS_WEB_IDENTITY_TOKEN_FILE says, and have volume tokens holds aws'],
  ]],
  ['unwired-workload of a container with an empty folder of its own', [
    ['warning', 'kubernetes_manifest.Bare manifest.spec.template.spec.serviceAccountName',
      'these pods run as reports/reader, which may become arn:aws:iam::111122223333:role/reader, and have nothing by which their clients would: no variable, token or annotation'],
  ]],
  ['unwired-workload of a cluster that is known', [
    ['warning', 'kubernetes_pod_v1.Bare spec.service_account_name',
      'these pods run as reports/reader, which may become arn:aws:iam::111122223333:role/reader, and have nothing by which their clients would: no variable, token or annotation'],
  ]],
  ['wiring-not-trusted for another audience', [
    ['error', 'kubernetes_pod_v1.Reader spec.container[0].env',
      'the pods of reports/reader present a token for vault to arn:aws:iam::111122223333:role/reader, which never takes it: it wants sts.amazonaws.com, and gets [vault]'],
  ]],
  ['wiring-not-trusted as another service account', [
    ['error', 'kubernetes_pod_v1.Reader spec.container[0].env',
      'the pods of reports/reader present a token for sts.amazonaws.com to arn:aws:iam::111122223333:role/reader, which never takes it: it wants StringEquals oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204:sub system:serviceaccount:reports:writer, and gets oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204:sub: system:serviceaccount:reports:reader'],
  ]],
  ['wiring-not-trusted by annotation, of EKS', [
    ['error', 'kubernetes_service_account_v1.Reader metadata.annotations',
      'the pods of reports/reader present a token for sts.amazonaws.com to arn:aws:iam::111122223333:role/reader, which never takes it: it wants StringEquals oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204:sub system:serviceaccount:reports:writer, and gets oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204:sub: system:serviceaccount:reports:reader'],
  ]],
  ['wiring-not-trusted by annotation, of GKE', [
    ['error', 'kubernetes_service_account_v1.Reader metadata.annotations',
      'the pods of reports/reader present a token to reader@acme.iam.gserviceaccount.com, which never takes it: it wants serviceAccount:acme.svc.id.goog[reports/writer]: sub system:serviceaccount:reports:writer, and gets sub system:serviceaccount:reports:reader'],
  ]],
  ['wiring-not-trusted by annotation, of AKS', [
    ['error', 'kubernetes_pod_v1.Reader spec.service_account_name',
      'the pods of reports/reader present a token for api://AzureADTokenExchange to ${azurerm_user_assigned_identity.Reader.client_id}, which never takes it: it wants sub system:serviceaccount:reports:writer, and gets sub system:serviceaccount:reports:reader'],
  ]],
  ['wiring-not-trusted in Google Cloud, of an account', [
    ['error', 'kubernetes_pod_v1.Reader spec.container[0].env',
      'the pods of reports/reader present a token for https://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/apps/providers/pool to reader@acme.iam.gserviceaccount.com, which never takes it: it wants principal://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/apps/subject/system:serviceaccount:reports:writer, and gets google.subject system:serviceaccount:reports:reader of pool projects/123456789012/locations/global/workloadIdentityPools/apps'],
  ]],
  ['wiring-not-trusted in Google Cloud, of a principal', [
    ['note', 'kubernetes_pod_v1.Reader spec.container[0].env',
      'the pods of reports/reader present a token for https://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/apps/providers/pool to projects/123456789012/locations/global/workloadIdentityPools/apps/providers/pool, and the input grants nothing to what they become'],
  ]],
  ['wiring-not-trusted in Google Cloud, of a principal that the condition keeps out', [
    ['error', 'kubernetes_pod_v1.Reader spec.container[0].env',
      'the pods of reports/reader present a token for https://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/apps/providers/pool to a principal of projects/123456789012/locations/global/workloadIdentityPools/apps/providers/pool, which never takes it: it wants assertion.sub == \'x\', and gets sub system:serviceaccount:reports:reader'],
  ]],
  ['wiring-not-trusted of an identity without any trust', [
    ['warning', 'kubernetes_service_account_v1.Reader metadata.annotations',
      'the pods of reports/reader present a token to reader@acme.iam.gserviceaccount.com, which trusts nobody in the input'],
  ]],
  ['cluster-of-two-issuers by what a provider is told', [
    ['error', 'aws_eks_cluster.Other', [
      'workloads of one cluster are wired for tokens of https://oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204, as aws_eks_cluster.Apps says,',
      'and of https://oidc.eks.eu-west-1.amazonaws.com/id/0F3C9B5A6D7E4812A1B2C3D4E5F60718, as aws_eks_cluster.Other says: no cluster issues both',
    ].join(' ')],
  ]],
  ['unused-provider of a pool that has none', [
    ['note', 'google_iam_workload_identity_pool.Pool',
      'the pool projects/${project_number("acme")}/locations/global/workloadIdentityPools/apps has no provider in the input, so that no token is in it'],
  ]],
  ['trust-policy-size near the quota', [
    ['note', 'aws_iam_role.Reader assume_role_policy',
      'the trust policy has 1728 characters, of the 2048 that IAM takes: room for little more'],
  ]],
  ['trust-policy-size over it', [
    ['warning', 'aws_iam_role.Reader assume_role_policy',
      'the trust policy has 2158 characters, and IAM takes 2048 unless the quota is raised'],
  ]],
  ['trust-policy-size over any', [
    ['error', 'aws_iam_role.Reader assume_role_policy',
      'the trust policy has 9038 characters, and IAM takes no more than 8192, whatever the quota'],
  ]],
  ['pool-condition-size near the limit', [
    ['note', 'google_iam_workload_identity_pool_provider.Pool attribute_condition',
      'the condition has 3577 characters, of the 4096 that Google takes: room for little more'],
  ]],
  ['pool-condition-size over it', [
    ['error', 'google_iam_workload_identity_pool_provider.Pool attribute_condition',
      'the condition has 4897 characters, and Google takes 4096'],
  ]],
  ['subject-too-long of a member', [
    ['error', 'google_service_account_iam_member.Trust member',
      'the subject system:serviceaccount:nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa has 143 bytes, and Google takes 127: no token becomes it'],
  ]],
]);
