import type { TaskKind } from '#core/task-store.ts';

/** What one process may be asked to do, by the names deployments use (spec/api.md 10.2). */
export const processNames = ['server', 'provisioner', 'scanner'] as const;
export type ProcessName = (typeof processNames)[number];

const aliases: ReadonlyMap<string, readonly ProcessName[]> = new Map<string, readonly ProcessName[]>([
  ['all', processNames],
  ['server', ['server']],
  ['web', ['server']],
  ['provisioner', ['provisioner']],
  ['runProvisioner', ['provisioner']],
  ['scanner', ['scanner']],
  ['workerscanner', ['scanner']],
  ['workerScanner', ['scanner']],
  // The original splits the scanner by cloud; here every scanner shares all scopes, so the second is one more replica.
  ['workerscanner-azure', ['scanner']],
  ['workerScannerAzure', ['scanner']],
]);

/** The kinds of tasks that a process takes. Events, mails and expiries are nobody's own: whoever runs loops carries them. */
export const kindsOf: Readonly<Record<ProcessName, readonly TaskKind[]>> = {
  server: [],
  provisioner: ['provision', 'settle', 'deliver', 'notify', 'expire'],
  scanner: ['observe', 'advance', 'retire', 'deliver', 'notify', 'expire'],
};

/** The processes these words name, `all` when there are none; the words that name nothing come back as `unknown`. */
export function processesNamed(words: readonly string[]): { processes: ReadonlySet<ProcessName>; unknown: string[] } {
  const named = words.length === 0 ? ['all'] : words;
  return {
    processes: new Set(named.flatMap((word) => aliases.get(word) ?? [])),
    unknown: named.filter((word) => !aliases.has(word)),
  };
}
