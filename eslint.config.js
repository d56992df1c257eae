import js from "@eslint/js";
import { defineConfig } from "eslint/config";
import ts from "typescript-eslint";

/** What would make a run unrepeatable. Each has a port in src/runtime/. */
const banned = [
  ["CallExpression[callee.object.name='Date'][callee.property.name='now']", "Use clock.wallMs()."],
  ["NewExpression[callee.name='Date'][arguments.length=0]", "Use clock.wallMs()."],
  ["CallExpression[callee.object.name='Math'][callee.property.name='random']", "Use random."],
  [
    "CallExpression[callee.object.name='AbortSignal'][callee.property.name='timeout']",
    "Use clock.sleep() with a signal.",
  ],
  [
    "MemberExpression[object.name='process'][property.name=/^(hrtime|env|exit|on|once)$/]",
    "Only src/cli/ and src/runtime/ touch the process.",
  ],
  ["TSEnumDeclaration", "Use a union of literals."],
  ["ExportAllDeclaration", "Name each export."],
].map(([selector, message]) => ({ selector, message }));

const globals = [
  "setTimeout",
  "setInterval",
  "setImmediate",
  "performance",
  "fetch",
  "crypto",
  "WeakRef",
  "FinalizationRegistry",
].map((name) => ({ name, message: "Not repeatable: use the port in src/runtime/." }));

export default defineConfig(
  { ignores: ["dist/", "build/", "docs-api/", ".cache/", "src/etcd/gen/"] },
  js.configs.recommended,
  {
    files: ["**/*.ts"],
    extends: [ts.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      curly: "error",
      eqeqeq: "error",
      "no-console": "error",
      "max-lines": ["error", { max: 499 }],
      "max-lines-per-function": ["error", { max: 70, skipBlankLines: true, skipComments: true }],
      "no-restricted-globals": ["error", ...globals],
      "no-restricted-syntax": ["error", ...banned],
      "no-restricted-imports": [
        "error",
        { name: "fast-check", message: "Use test/support/fast-check.js: it has a fixed seed." },
      ],
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { requireDefaultForNonUnion: true, considerDefaultExhaustiveForUnions: true },
      ],
      "@typescript-eslint/strict-boolean-expressions": "error",
      "@typescript-eslint/promise-function-async": "error",
      "@typescript-eslint/return-await": ["error", "in-try-catch"],
      "@typescript-eslint/no-unnecessary-condition": [
        "error",
        { allowConstantLoopConditions: "only-allowed-literals" },
      ],
      "@typescript-eslint/no-invalid-void-type": "off",
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true },
      ],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      "@typescript-eslint/no-floating-promises": [
        "error",
        {
          ignoreVoid: false,
          allowForKnownSafeCalls: [
            { from: "package", name: ["test", "suite", "describe", "it"], package: "node:test" },
          ],
        },
      ],
    },
  },
  {
    files: [
      "src/runtime/**",
      "src/cli/**",
      "test/**",
      "bench/**",
      "scripts/**",
      "examples/**",
      "**/*.test.ts",
    ],
    languageOptions: {
      globals: { process: "readonly", console: "readonly", URL: "readonly", Buffer: "readonly" },
    },
    rules: { "no-restricted-globals": "off", "no-restricted-syntax": "off", "no-console": "off" },
  },
  { files: ["test/support/fast-check.ts"], rules: { "no-restricted-imports": "off" } },
  { files: ["**/*.ts"], rules: { "no-undef": "off" } },
  {
    files: ["**/*.test.ts", "test/**", "bench/**"],
    rules: {
      "max-lines": "off",
      "max-lines-per-function": "off",
      "@typescript-eslint/no-non-null-assertion": "off",
    },
  },
);
