// Which way dependencies point. tests/unit/boundaries.test.ts proves that each of these catches a planted violation.
const domains = 'engine|compose|stack|telemetry|backup|backend|chat|knowledge|config|operations|release';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Modules that need each other are one module, or lack a third. Types may point back.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'shared-is-a-leaf',
      comment: 'src/shared runs anywhere: no import from main or renderer.',
      severity: 'error',
      from: { path: '^src/shared/' },
      to: { path: '^src/(main|renderer)/' },
    },
    {
      name: 'shared-only-zod',
      comment: 'src/shared knows one package, zod, and no part of Node.',
      severity: 'error',
      from: { path: '^src/shared/', pathNot: '\\.test\\.ts$' },
      to: { pathNot: ['^src/shared/', '^node_modules/zod/'] },
    },
    {
      name: 'main-never-renderer',
      severity: 'error',
      from: { path: '^src/main/' },
      to: { path: '^src/renderer/' },
    },
    {
      name: 'renderer-never-main',
      comment: 'The page speaks window.quayside and nothing else.',
      severity: 'error',
      from: { path: '^src/renderer/' },
      to: { path: '^src/main/' },
    },
    {
      name: 'renderer-no-node',
      severity: 'error',
      from: { path: '^src/renderer/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'electron-at-the-edge',
      comment: 'Only the desktop folder and preload know Electron; the CLI and the tests run the rest in plain Node.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/main/(desktop/|preload\\.ts$)' },
      to: { path: ['^electron$', '^node_modules/electron(-store)?/'] },
    },
    {
      name: 'desktop-is-an-entry',
      comment: 'Nobody builds on the window. Preload shares its channel names.',
      severity: 'error',
      from: { path: '^src/main/', pathNot: '^src/main/(desktop/|preload\\.ts$)' },
      to: { path: '^src/main/desktop/' },
    },
    {
      name: 'preload-stays-thin',
      comment: 'A sandboxed preload: electron, channel names, and types.',
      severity: 'error',
      from: { path: '^src/main/preload\\.ts$' },
      to: {
        pathNot: ['^electron$', '^node_modules/electron/', '^src/main/desktop/ipc-names\\.ts$'],
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'cli-is-an-entry',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/main/cli/' },
      to: { path: '^src/main/cli/' },
    },
    {
      name: 'dockerode-in-engine-only',
      comment: 'One module speaks to an engine; everything else holds its port (engine-client.ts).',
      severity: 'error',
      from: { path: '^(src|tests)/', pathNot: '^src/main/engine/' },
      to: { path: ['^node_modules/(@types/)?(dockerode|docker-modem)/', '^dockerode$'] },
    },
    {
      name: 'domains-never-upward',
      comment: 'Domains do not know who composes them.',
      severity: 'error',
      from: { path: `^src/main/(${domains})/`, pathNot: '\\.test\\.ts$' },
      to: {
        path: '^src/main/(core|desktop-port|handlers|handlers-chat|handlers-knowledge|dispatch|backpressure|preload)\\.ts$',
      },
    },
    {
      name: 'domains-meet-in-core',
      comment:
        'Beyond types, these see of other domains only what they stand on: the engine, the configuration and the client of the backend.',
      severity: 'error',
      from: { path: '^src/main/(chat|knowledge|telemetry|backup|release)/', pathNot: '\\.test\\.ts$' },
      to: {
        path: `^src/main/(${domains})/`,
        // $1 is the importer's own folder.
        pathNot: ['^src/main/$1/', '^src/main/engine/', '^src/main/config/', '^src/main/backend/'],
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'foundations-know-no-domain',
      comment: 'These carry the others and import none of them beyond types.',
      severity: 'error',
      from: { path: '^src/main/(engine|config|operations|compose|backend)/', pathNot: '\\.test\\.ts$' },
      to: {
        path: `^src/main/(${domains})/`,
        pathNot: '^src/main/$1/',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'features-are-strangers',
      comment: 'Only app/ knows several features.',
      severity: 'error',
      from: { path: '^src/renderer/features/([^/]+)/' },
      to: { path: '^src/renderer/features/', pathNot: '^src/renderer/features/$1/' },
    },
    {
      name: 'parts-know-no-feature',
      comment: 'Parts are what several features are made of: they stand on app/ and ui/.',
      severity: 'error',
      from: { path: '^src/renderer/parts/' },
      to: { path: '^src/renderer/features/' },
    },
    {
      name: 'ui-knows-no-feature',
      severity: 'error',
      from: { path: '^src/renderer/ui/' },
      to: { path: '^src/renderer/(features|parts|app)/' },
    },
    {
      name: 'no-tests-in-product',
      comment: 'What unit tests of one page share is a scene, beside the page; it is a test like those.',
      severity: 'error',
      from: { path: '^src/', pathNot: '(\\.test|-scene)\\.tsx?$' },
      to: { path: ['(\\.test|-scene)\\.tsx?$', '^tests/'] },
    },
    {
      name: 'not-to-unresolvable',
      severity: 'error',
      from: { path: '^src/' },
      to: { couldNotResolve: true, pathNot: '^electron$' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(out|dist|artifacts|compose)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
