/** What a simulated Compute Engine needs to know of a machine type; all of it follows from the rule of its name. */
export interface MachineType {
  name: string;
  vcpus: number;
  memoryMb: number;
  isSharedCpu: boolean;
  architecture: 'X86_64' | 'ARM64';
  cpuPlatform: string;
  /** The regional quota that its vCPUs count against, e.g. `N2_CPUS`. */
  cpuMetric: string;
}

interface Series {
  /** GB of memory for each vCPU, by class. */
  classes: Readonly<Record<string, number>>;
  vcpus: readonly number[];
  /** `CPUS` for the oldest series, which share one quota. */
  cpuMetric: string;
  cpuPlatform: string;
  isArm?: boolean;
  /** May a number of vCPUs and an amount of memory be chosen freely? */
  hasCustom?: boolean;
  /** Is each type there with local disks, too, its name ending in `-lssd`? */
  hasLocalSsd?: boolean;
}

const mostCustomVcpus = 224;

/** Most of the series of https://cloud.google.com/compute/docs/machine-resource, general purpose and compute-optimized. */
const series: Readonly<Record<string, Series>> = {
  e2: {
    classes: { standard: 4, highmem: 8, highcpu: 1 },
    vcpus: [2, 4, 8, 16, 32],
    cpuMetric: 'CPUS',
    cpuPlatform: 'AMD Rome',
    hasCustom: true,
  },
  n1: {
    classes: { standard: 3.75, highmem: 6.5, highcpu: 0.9 },
    vcpus: [1, 2, 4, 8, 16, 32, 64, 96],
    cpuMetric: 'CPUS',
    cpuPlatform: 'Intel Haswell',
    hasCustom: true,
  },
  n2: {
    classes: { standard: 4, highmem: 8, highcpu: 1 },
    vcpus: [2, 4, 8, 16, 32, 48, 64, 80, 96, 128],
    cpuMetric: 'N2_CPUS',
    cpuPlatform: 'Intel Cascade Lake',
    hasCustom: true,
  },
  n2d: {
    classes: { standard: 4, highmem: 8, highcpu: 1 },
    vcpus: [2, 4, 8, 16, 32, 48, 64, 80, 96, 128, 224],
    cpuMetric: 'N2D_CPUS',
    cpuPlatform: 'AMD Milan',
    hasCustom: true,
  },
  n4: {
    classes: { standard: 4, highmem: 8, highcpu: 2 },
    vcpus: [2, 4, 8, 16, 32, 48, 64, 80],
    cpuMetric: 'CPUS_PER_VM_FAMILY',
    cpuPlatform: 'Intel Emerald Rapids',
    hasCustom: true,
  },
  t2d: {
    classes: { standard: 4 },
    vcpus: [1, 2, 4, 8, 16, 32, 48, 60],
    cpuMetric: 'T2D_CPUS',
    cpuPlatform: 'AMD Milan',
  },
  t2a: {
    classes: { standard: 4 },
    vcpus: [1, 2, 4, 8, 16, 32, 48],
    cpuMetric: 'T2A_CPUS',
    cpuPlatform: 'Ampere Altra',
    isArm: true,
  },
  c2: {
    classes: { standard: 4 },
    vcpus: [4, 8, 16, 30, 60],
    cpuMetric: 'C2_CPUS',
    cpuPlatform: 'Intel Cascade Lake',
  },
  c2d: {
    classes: { standard: 4, highmem: 8, highcpu: 2 },
    vcpus: [2, 4, 8, 16, 32, 56, 112],
    cpuMetric: 'C2D_CPUS',
    cpuPlatform: 'AMD Milan',
  },
  c3: {
    classes: { standard: 4, highmem: 8, highcpu: 2 },
    vcpus: [4, 8, 22, 44, 88, 176],
    cpuMetric: 'C3_CPUS',
    cpuPlatform: 'Intel Sapphire Rapids',
    hasLocalSsd: true,
  },
  c3d: {
    classes: { standard: 4, highmem: 8, highcpu: 2 },
    vcpus: [4, 8, 16, 30, 60, 90, 180, 360],
    cpuMetric: 'CPUS_PER_VM_FAMILY',
    cpuPlatform: 'AMD Genoa',
    hasLocalSsd: true,
  },
  c4: {
    classes: { standard: 3.75, highmem: 7.75, highcpu: 2 },
    vcpus: [2, 4, 8, 16, 24, 32, 48, 96, 144, 192],
    cpuMetric: 'CPUS_PER_VM_FAMILY',
    cpuPlatform: 'Intel Emerald Rapids',
    hasLocalSsd: true,
  },
  c4d: {
    classes: { standard: 3.875, highmem: 7.875, highcpu: 1.875 },
    vcpus: [2, 4, 8, 16, 32, 48, 64, 96, 192, 384],
    cpuMetric: 'CPUS_PER_VM_FAMILY',
    cpuPlatform: 'AMD Turin',
    hasLocalSsd: true,
  },
  c4a: {
    classes: { standard: 4, highmem: 8, highcpu: 2 },
    vcpus: [1, 2, 4, 8, 16, 32, 48, 64, 72],
    cpuMetric: 'CPUS_PER_VM_FAMILY',
    cpuPlatform: 'Google Axion',
    hasLocalSsd: true,
    isArm: true,
  },
};

/** Types with a part of a core: vCPUs and GB of memory. */
const shared: Readonly<Record<string, readonly [vcpus: number, memoryGb: number]>> = {
  'e2-micro': [2, 1],
  'e2-small': [2, 2],
  'e2-medium': [2, 4],
  'f1-micro': [1, 0.6],
  'g1-small': [1, 1.7],
};

/** Every predefined type that the simulator knows, by name. */
const predefined = new Map(
  [
    ...Object.entries(series).flatMap(([name, { classes, vcpus, hasLocalSsd }]) =>
      Object.keys(classes)
        .flatMap((kind) => vcpus.map((count) => `${name}-${kind}-${count}`))
        .flatMap((type) => (hasLocalSsd === true ? [type, `${type}-lssd`] : [type])),
    ),
    ...Object.keys(shared),
  ]
    .map((name) => [name, readPredefined(name)] as const)
    .filter((entry): entry is readonly [string, MachineType] => entry[1] !== undefined),
);

/** The predefined machine types, in the order of their names. */
export function machineTypes(): MachineType[] {
  return [...predefined.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * The type of that name, also a custom one: `n2-custom-4-8192`, or `custom-4-8192` for N1 (vCPUs and MB).
 *
 * @returns undefined for a name that Compute Engine would not give.
 */
export function machineTypeOf(name: string): MachineType | undefined {
  return predefined.get(name) ?? readCustom(name);
}

function readPredefined(name: string): MachineType | undefined {
  const part = shared[name];
  if (part !== undefined) {
    const [vcpus, memoryGb] = part;
    return typeOf(name, series['n1'], vcpus, memoryGb * 1024, true);
  }
  const [family = '', kind = '', size = ''] = name.split('-');
  const found = series[family];
  const memoryGb = found?.classes[kind];
  return memoryGb === undefined ? undefined : typeOf(name, found, Number(size), Number(size) * memoryGb * 1024, false);
}

const customForm = /^(?:([a-z]\d[a-z]?)-)?custom-([1-9]\d*)-([1-9]\d*)(?:-ext)?$/;

function readCustom(name: string): MachineType | undefined {
  const match = customForm.exec(name);
  if (match === null) {
    return undefined;
  }
  const [, family = 'n1', size, memory] = match;
  const [vcpus, memoryMb] = [Number(size), Number(memory)];
  const isPossible = (vcpus === 1 || vcpus % 2 === 0) && vcpus <= mostCustomVcpus && memoryMb % 256 === 0;
  const found = series[family];
  return isPossible && found?.hasCustom === true ? typeOf(name, found, vcpus, memoryMb, false) : undefined;
}

function typeOf(
  name: string,
  found: Series | undefined,
  vcpus: number,
  memoryMb: number,
  isSharedCpu: boolean,
): MachineType | undefined {
  return (
    found && {
      name,
      vcpus,
      memoryMb: Math.round(memoryMb),
      isSharedCpu,
      architecture: found.isArm === true ? 'ARM64' : 'X86_64',
      cpuPlatform: found.cpuPlatform,
      cpuMetric: found.cpuMetric,
    }
  );
}
