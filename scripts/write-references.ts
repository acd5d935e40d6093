import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { metricsReference } from '#contract/metrics-reference.ts';
import { servedDocuments } from '#contract/served-documents.ts';
import { metricTable } from '#telemetry/metric-table.ts';

/**
 * Writes every published document below a directory, each where its address says (`references/…`, `schemas/…`), so that the directory can be
 * served as it is. Files of the same names are replaced.
 * @returns the paths, relative to the directory
 * @throws what the file system says
 */
export async function writeReferences(directory: string): Promise<string[]> {
  const documents = servedDocuments({ metrics: metricsReference(metricTable) });
  const paths = [...documents.keys()].map((path) => path.replace(/^\//, ''));
  await Promise.all(
    [...documents].map(async ([path, content]) => {
      const file = join(directory, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, `${JSON.stringify(content, null, 2)}\n`);
    }),
  );
  return paths.toSorted();
}

if (import.meta.main) {
  const [directory, ...more] = process.argv.slice(2);
  if (directory === undefined || more.length > 0) {
    console.error('Usage: npm run references -- DIRECTORY');
    process.exitCode = 1;
  } else {
    const paths = await writeReferences(directory);
    console.log(`${paths.length} documents written below ${directory}`);
  }
}
