const text = { type: 'string' };
const message = { type: 'object', required: ['text'], additionalProperties: false, properties: { text } };
const multiformat = { type: 'object', required: ['text'], additionalProperties: false, properties: { text, markdown: text } };
const level = { enum: ['none', 'note', 'warning', 'error'] };
const strict = (required: readonly string[], properties: object) => ({ type: 'object', required, additionalProperties: false, properties });
const list = (items: object) => ({ type: 'array', items });

/**
 * What the schema of SARIF 2.1.0 says of the parts that are written.
 * @see https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
 */
export const SARIF = strict(['version', 'runs'], {
  $schema: text,
  version: { const: '2.1.0' },
  runs: list(strict(['tool', 'results'], {
    tool: strict(['driver'], {
      driver: strict(['name', 'rules'], {
        name: text, informationUri: text, semanticVersion: text,
        rules: list(strict(['id', 'helpUri', 'help'], {
          id: text, name: text, shortDescription: multiformat, fullDescription: multiformat, help: multiformat, helpUri: text,
          defaultConfiguration: strict([], { level }),
          properties: { type: 'object', required: ['tags'], properties: { tags: list(text), precision: { enum: ['very-high', 'high', 'medium', 'low'] } } },
        })),
      }),
    }),
    invocations: list(strict(['executionSuccessful'], {
      executionSuccessful: { type: 'boolean' }, toolExecutionNotifications: list(strict(['message'], { level, message })),
    })),
    columnKind: { enum: ['utf16CodeUnits', 'unicodeCodePoints'] },
    results: list(strict(['ruleId', 'ruleIndex', 'message', 'locations', 'partialFingerprints'], {
      ruleId: text, ruleIndex: { type: 'integer', minimum: 0 }, level, kind: { enum: ['notApplicable', 'pass', 'fail', 'review', 'open', 'informational'] }, message,
      locations: list(strict(['physicalLocation', 'logicalLocations'], {
        physicalLocation: strict(['artifactLocation', 'region'], {
          artifactLocation: strict(['uri'], { uri: text, uriBaseId: text }),
          region: strict([], { startLine: { type: 'integer', minimum: 1 } }),
        }),
        logicalLocations: list(strict([], { name: text, kind: text, fullyQualifiedName: text })),
      })),
      partialFingerprints: strict(['trustFinding/v1'], { 'trustFinding/v1': text }),
      suppressions: list(strict(['kind'], { kind: { enum: ['inSource', 'external'] }, status: { enum: ['accepted', 'underReview', 'rejected'] }, justification: text })),
    })),
  })),
});
