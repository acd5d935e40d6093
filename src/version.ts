import { readFileSync } from 'node:fs';

/** The Dockerflow version object; what a build did not fill in is empty. */
export interface Version {
  version: string;
  commit: string;
  source: string;
  build: string;
}

/** What `version.json` beside package.json says, if a build wrote one; else the package's version. */
export function versionInfo(): Version {
  const { version } = readJson('../package.json');
  const built = readJson('../version.json');
  return {
    version: built['version'] ?? version ?? '',
    commit: built['commit'] ?? '',
    source: built['source'] ?? '',
    build: built['build'] ?? '',
  };
}

function readJson(path: string): Record<string, string | undefined> {
  try {
    return JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as Record<string, string | undefined>;
  } catch {
    return {};
  }
}
