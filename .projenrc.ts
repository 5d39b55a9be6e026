import { readdirSync } from 'node:fs';
import { javascript, JsonFile, typescript } from 'projen';

const CDKTF = '0.21.0';
const CDKTN = '0.24.0';

/** The only Terraform provider files that may be imported: one resource each. */
const PROVIDER_BARRELS = {
  patterns: [
    {
      regex: '^@cdktf/provider-[^/]+(/lib(/index)?)?$',
      message: 'Import one resource, as in @cdktf/provider-aws/lib/iam-role: the barrels cost seconds and half a gigabyte.',
    },
  ],
};

const EXAMPLES = readdirSync('examples', { withFileTypes: true }).filter(entry => entry.isDirectory()).map(({ name }) => name).sort();

/** The entry points beside the main one: what they need is an optional peer, or large and seldom used. */
const ENTRIES = ['azure', 'entra', 'gtoken', 'testing', 'tls', 'trust'];

const project = new typescript.TypeScriptProject({
  name: 'cdktf-workload-federation',
  description: 'CDK for Terraform constructs that let a Kubernetes workload in any cluster use any cloud without a stored key.',
  keywords: ['cdktf', 'cdktn', 'terraform', 'workload-identity', 'oidc', 'irsa', 'eks', 'gke', 'aks', 'kubernetes', 'federation'],
  license: 'Apache-2.0',
  copyrightOwner: 'The cdktf-workload-federation authors',
  authorName: 'The cdktf-workload-federation authors',
  authorOrganization: true,
  repository: 'https://github.com/cdktf-workload-federation/cdktf-workload-federation.git',
  defaultReleaseBranch: 'main',

  packageManager: javascript.NodePackageManager.NPM,
  minNodeVersion: '20.0.0',
  workflowNodeVersion: '20',
  projenrcTs: true,
  runner: typescript.TypeScriptRunner.tsx(),
  projenVersion: '^0.103.25',
  typescriptVersion: '~5.9',
  tsconfigDevFile: 'tsconfig.dev.json',
  // Version 13 needs Node 22.
  bumpPackage: 'commit-and-tag-version@^12',
  srcdir: 'lib',
  libdir: 'build',
  entrypoint: 'build/index.js',
  sampleCode: false,
  readme: undefined,
  depsUpgrade: false,
  githubOptions: { mergify: false, pullRequestLint: false },
  pullRequestTemplate: false,
  releaseToNpm: true,
  buildWorkflowOptions: { mutableBuild: false },

  deps: [
    '@bufbuild/cel@^0.6.1',
    'commander@^14.0.0',
  ],
  peerDeps: [
    'cdktf@^0.21.0',
    'constructs@^10.4.2',
    '@cdktf/provider-aws@^21.22.1',
    '@cdktf/provider-azuread@^14.3.1',
    '@cdktf/provider-azurerm@^14.23.1',
    '@cdktf/provider-google@^16.12.1',
    '@cdktf/provider-kubernetes@^12.1.1',
    '@cdktf/provider-tls@^11.0.1',
  ],
  peerDependencyOptions: { pinnedDevDependency: false },
  devDeps: [
    `cdktf@${CDKTF}`,
    `cdktn@${CDKTN}`,
    'constructs@10.6.0',
    '@cdktf/provider-aws@21.22.1',
    '@cdktf/provider-azuread@14.3.1',
    '@cdktf/provider-azurerm@14.23.1',
    '@cdktf/provider-google@16.12.1',
    '@cdktf/provider-kubernetes@12.1.1',
    '@cdktf/provider-tls@11.0.1',
    `@cdktf/hcl2json@${CDKTF}`,
    '@aws-sdk/client-s3@^3.1169.0',
    // Later ones need Node 22.
    '@azure/identity@4.13.1',
    '@azure/storage-blob@12.32.0',
    '@google-cloud/storage@^7.22.0',
    // Its decorators need reflect-metadata.
    '@peculiar/x509@^2.2.0',
    'reflect-metadata@^0.2.2',
    'kubernetes-models@^4.5.1',
    'fast-check@^4.10.0',
    'tsx@^4',
    'yaml@^2.9.0',
  ],

  tsconfig: {
    compilerOptions: {
      module: 'commonjs',
      target: 'ES2022',
      lib: ['es2022'],
      types: ['node'],
      noUncheckedIndexedAccess: true,
      inlineSourceMap: false,
      inlineSources: false,
      sourceMap: false,
      skipLibCheck: true,
    },
  },
  tsconfigDev: {
    compilerOptions: {
      types: ['node', 'jest'],
      isolatedModules: true,
      sourceMap: true,
      paths: { 'cdktf-workload-federation': ['./lib/index.ts'], ...Object.fromEntries(ENTRIES.map(entry => [`cdktf-workload-federation/${entry}`, [`./lib/${entry}/index.ts`]])) },
      skipLibCheck: true,
    },
    include: ['examples/**/*.ts', 'bench/**/*.ts', '.projenrc.ts'],
    exclude: ['build', 'cdktf.out'],
  },

  eslintOptions: { projectService: false, tsconfigPath: './tsconfig.dev.json', commandOptions: { fix: false }, dirs: ['lib'], devdirs: ['test', 'examples', 'bench'], prettier: false },
  jest: true,
  jestOptions: {
    jestVersion: '^30',
    configFilePath: 'jest.config.json',
    updateSnapshot: javascript.UpdateSnapshot.NEVER,
    passWithNoTests: false,
    junitReporting: false,
    jestConfig: {
      collectCoverage: false,
      globals: { TERRAFORM_CDK: 'cdktf' },
      setupFiles: ['<rootDir>/test/setup.ts'],
      // By default Jest leaves one core alone, which is half of two.
      maxWorkers: '100%',
      // Nothing is timed here: what hangs ends, and what waits for a busy machine does not fail.
      testTimeout: 60_000,
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      moduleNameMapper: { '^cdktf-workload-federation$': '<rootDir>/lib/index.ts', '^cdktf-workload-federation/([a-z]+)$': '<rootDir>/lib/$1/index.ts' },
      clearMocks: true,
    },
  },

  gitignore: ['/build/', '/cdktf.out/', '*.tfstate*', '.terraform/'],
});

// unrs-resolver 1.13.0 asks for platform bindings that some registries lack; npm ci then fails with EUSAGE.
project.package.addField('overrides', { 'unrs-resolver': '1.12.2' });
project.package.addField('exports', {
  '.': { types: './build/index.d.ts', default: './build/index.js' },
  ...Object.fromEntries(ENTRIES.map(entry => [`./${entry}`, { types: `./build/${entry}/index.d.ts`, default: `./build/${entry}/index.js` }])),
  './package.json': './package.json',
});
// The module resolution of `cdktf init` (node10) does not read `exports`.
project.package.addField('typesVersions', { '*': Object.fromEntries(ENTRIES.map(entry => [entry, [`build/${entry}/index.d.ts`]])) });
project.package.addField('peerDependenciesMeta', {
  '@cdktf/provider-azuread': { optional: true },
  '@cdktf/provider-azurerm': { optional: true },
  '@cdktf/provider-tls': { optional: true },
});
project.addBins({ 'workload-federation': 'build/cli/main.js' });
project.package.addField('files', ['build', 'schema', 'CHANGELOG.md', 'SECURITY.md']);
project.npmrc.addConfig('omit-lockfile-registry-resolved', 'true');

project.eslint!.addRules({
  'no-restricted-imports': ['error', PROVIDER_BARRELS],
  'import/order': ['error', {
    groups: ['builtin', 'external'],
    // Examples and tests import the package by its name, as its users do.
    pathGroups: [{ pattern: 'cdktf-workload-federation{,/*}', group: 'external' }],
    pathGroupsExcludedImportTypes: [],
    alphabetize: { order: 'asc', caseInsensitive: true },
  }],
  '@stylistic/max-len': ['error', { code: 150, ignoreUrls: true, ignoreStrings: true, ignoreTemplateLiterals: true, ignoreComments: true }],
  '@stylistic/object-property-newline': 'off',
});
project.eslint!.addOverride({
  files: ['lib/**/*.ts'],
  rules: { 'import/no-extraneous-dependencies': ['error', { devDependencies: false, optionalDependencies: false, peerDependencies: true }] },
});

// publib's default; said once, by publib.
project.tryFindObjectFile('.github/workflows/release.yml')!.addDeletionOverride('jobs.release_npm.steps.3.env.NPM_REGISTRY');

// The same tests with the package that continues cdktf in its place.
new JsonFile(project, 'jest.cdktn.config.json', {
  marker: false,
  obj: () => {
    const config = project.jest!.config;
    return {
      ...config,
      moduleNameMapper: { ...config.moduleNameMapper, '^cdktf(/.*)?$': 'cdktn$1' },
      globals: { TERRAFORM_CDK: 'cdktn' },
      // What is packed is the same whichever of the two it is used with; what reads Terraform uses neither, and what Terraform makes of both is the same.
      testPathIgnorePatterns: ['/node_modules/', '/test/package.test.ts', '/test/trust/', '/test/cli/', '/test/e2e/'],
    };
  },
});

// npm run, not projen, is what a reader types: `npm run example -- NAME` must hand NAME on.
project.setScript('prepare', 'tsc --build');
project.addTask('example', { description: 'Synthesize an example and say what it became', exec: 'tsx --tsconfig tsconfig.dev.json examples/run.ts', receiveArgs: true });
const cdktn = project.addTask('test:cdktn', { description: 'All tests with cdktn in place of cdktf', exec: 'jest --ci --config jest.cdktn.config.json', receiveArgs: true });

// One line passes the tests; nothing in it writes to the tree.
project.testTask.reset();
project.testTask.exec('tsc --noEmit -p tsconfig.dev.json', { name: 'type check' });
project.testTask.spawn(project.eslint!.eslintTask);
project.testTask.exec('jest --ci', { receiveArgs: true });
project.testTask.spawn(cdktn);
for (const example of EXAMPLES) {
  project.testTask.exec(`tsx --tsconfig tsconfig.dev.json examples/run.ts ${example}`);
}
project.addTask('proof', { description: 'The proof by the vendors\' clients; writes the figures of docs/proof.md', exec: 'jest --ci --runInBand test/e2e', env: { PROOF_WRITE: '1' }, receiveArgs: true });
project.addTask('test:terraform', {
  description: 'Let the real providers validate what is synthesized; `available` asks those that can be had',
  exec: 'tsx --tsconfig tsconfig.dev.json test/e2e/terraform/main.ts',
  receiveArgs: true,
});
project.addTask('bench', { description: 'Compare with hand-written resources', exec: 'bash bench/run.sh', receiveArgs: true });

project.synth();
