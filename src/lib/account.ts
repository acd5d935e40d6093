import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** An account of this machine. */
export interface Account {
  name: string;
  uid: number;
  gid: number;
}

/** The account of that name in a text of the form of `/etc/passwd`. */
export function accountIn(passwd: string, name: string): Account | undefined {
  const fields = passwd
    .split('\n')
    .map((line) => line.split(':'))
    .find(([first]) => first === name);
  const [uid, gid] = [Number(fields?.[2]), Number(fields?.[3])];
  return Number.isInteger(uid) && Number.isInteger(gid) ? { name, uid, gid } : undefined;
}

/**
 * The account that a program which refuses to run as root is to be run as: undefined when this process is not root and
 * can run it as itself, else the first of the named accounts that exists.
 * @throws Error when this process is root and none of them exists.
 */
export async function accountInsteadOfRoot(names: readonly string[]): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) {
    return undefined;
  }
  const passwd = await readFile('/etc/passwd', 'utf8');
  for (const name of names) {
    const account = accountIn(passwd, name);
    if (account !== undefined && account.uid !== 0) {
      return account;
    }
  }
  throw new Error(`this machine has none of the accounts ${names.join(', ')}`);
}

/** May the account (undefined: this process) pass through the directory and all above it? By their mode bits; access lists are not seen. */
export async function canPass(directory: string, account: Account | undefined): Promise<boolean> {
  if (account === undefined) {
    return true;
  }
  for (let path = directory; ; path = dirname(path)) {
    const { uid, gid, mode } = await stat(path);
    const needed = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
    if ((mode & needed) === 0) {
      return false;
    }
    if (path === dirname(path)) {
      return true;
    }
  }
}
