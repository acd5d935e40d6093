/** A group of instance families that share one quota, as AWS names its vCPU quotas. */
export type QuotaFamily =
  | 'Standard'
  | 'G and VT'
  | 'P'
  | 'X'
  | 'F'
  | 'Inf'
  | 'Trn'
  | 'DL'
  | 'HPC'
  | 'High Memory'
  | 'Mac';

/** What a launch needs to know of an instance type; all of it follows from AWS's naming rule. */
export interface InstanceType {
  name: string;
  vcpus: number;
  threadsPerCore: 1 | 2;
  architecture: 'x86_64' | 'arm64' | 'x86_64_mac' | 'arm64_mac';
  family: QuotaFamily;
  hypervisor: 'xen' | 'nitro';
}

const nameForm = /^([a-z]+?)-?(\d+)([a-z-]*)\.(nano|micro|small|medium|large|(\d*)xlarge|metal(?:-(\d+)xl)?)$/;

const families: readonly (readonly [RegExp, QuotaFamily])[] = [
  [/^(g|gr|vt)$/, 'G and VT'],
  [/^p$/, 'P'],
  [/^x$/, 'X'],
  [/^f$/, 'F'],
  [/^inf$/, 'Inf'],
  [/^trn$/, 'Trn'],
  [/^dl$/, 'DL'],
  [/^hpc$/, 'HPC'],
  [/^u$/, 'High Memory'],
  [/^mac$/, 'Mac'],
  [/^(a|c|d|h|i|im|is|m|r|t|z)$/, 'Standard'],
];

/**
 * Reads an instance type's name (https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html):
 * class, generation, options, size. A `g` among the options means Graviton; a size has four vCPUs per `xlarge`.
 *
 * @returns undefined for a name that AWS would not give.
 */
export function instanceTypeOf(name: string): InstanceType | undefined {
  const match = nameForm.exec(name);
  const family = families.find(([form]) => form.test(match?.[1] ?? ''))?.[1];
  if (match === null || family === undefined) {
    return undefined;
  }
  const [series, number, options, size] = match.slice(1) as [string, string, string, string];
  const generation = Number(number);
  const cpu = isGraviton(series, generation, options) ? 'arm64' : 'x86_64';
  const vcpus = vcpusOf(size, series === 't' && generation >= 3);
  return {
    name,
    vcpus,
    threadsPerCore: cpu === 'arm64' || vcpus === 1 ? 1 : 2,
    architecture: family === 'Mac' ? `${cpu}_mac` : cpu,
    family,
    hypervisor: generation >= 5 || cpu === 'arm64' ? 'nitro' : 'xen',
  };
}

function isGraviton(series: string, generation: number, options: string): boolean {
  return options.startsWith('g') || series === 'a' || (series === 'mac' && generation > 1);
}

function vcpusOf(size: string, isBurstable: boolean): number {
  const [, factor] = /^(?:metal-)?(\d*)xl(?:arge)?$/.exec(size) ?? [];
  if (factor !== undefined) {
    return 4 * Number(factor === '' ? 1 : factor);
  }
  if (size === 'metal') {
    return 96;
  }
  return size === 'large' || isBurstable ? 2 : 1;
}
