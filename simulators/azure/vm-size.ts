/** What a virtual machine needs to know of its size; all of it follows from Azure's naming rule. */
export interface VmSize {
  name: string;
  vcpus: number;
  /** As quotas name it, e.g. `standardDASv5Family`. */
  family: string;
}

const nameForm = /^Standard_([A-Z]+?)(\d+)(?:-(\d+))?([a-z]*)(?:_(?!v\d+$)([A-Z]+\d*))?(?:_(v\d+))?$/i;

/**
 * Reads the name of a size (https://learn.microsoft.com/azure/virtual-machines/vm-naming-conventions): family, vCPUs,
 * constrained vCPUs, features, accelerator, version.
 *
 * @returns undefined for a name that Azure would not give.
 */
export function vmSizeOf(name: string): VmSize | undefined {
  const match = nameForm.exec(name);
  if (match === null) {
    return undefined;
  }
  const [, family = '', vcpus = '', constrained, features = '', accelerator, version = ''] = match;
  const parts = [family, features, accelerator ?? ''].map((part) => part.toUpperCase()).join('');
  return { name, vcpus: Number(constrained ?? vcpus), family: `standard${parts}${version.toLowerCase()}Family` };
}
