import { invalidParameter, missingParameter } from './refusal.ts';
import type { Json } from './state.ts';

/** Base64 of at most 64 KB. */
const longestCustomData = 87_380;

const forbiddenUsers = new Set(
  '1 123 a actuser adm admin admin1 admin2 administrator aspnet backup console david guest john owner root server sql support support_388945a0 sys test test1 test2 test3 user user1 user2 user3 user4 user5'.split(
    ' ',
  ),
);

const forbiddenPasswords = new Set([
  'abc@123',
  'P@$$w0rd',
  'P@ssw0rd',
  'P@ssword123',
  'Pa$$word',
  'pass@word1',
  'Password!',
  'Password1',
  'Password22',
  'iloveyou!',
]);

/**
 * Checks the account, the name and the data of a new machine by the rules of `OSProfile`
 * (https://learn.microsoft.com/rest/api/compute/virtual-machines/create-or-update#osprofile).
 *
 * @throws Refusal `InvalidParameter` that names the member.
 */
export function checkOsProfile(profile: Json, computerName: string, isWindows: boolean): void {
  checkComputerName(computerName, isWindows);
  checkUser(profile['adminUsername'], isWindows);
  if (needsPassword(profile, isWindows)) {
    checkPassword(profile['adminPassword'], isWindows);
  }
  const { customData } = profile;
  if (customData !== undefined && customData !== null && !isBase64(customData)) {
    throw invalidParameter(
      'customData',
      'Custom data in OSProfile must be in Base64 encoding and with a maximum length of 87380 characters.',
    );
  }
}

function checkComputerName(name: string, isWindows: boolean): void {
  const hasForbidden = /[`~!@#$%^&*()=+_[\]{}\\|;:.'",<>/?\s]/.test(name);
  if (isWindows && (hasForbidden || name === '' || name.length > 15 || /^\d+$/.test(name))) {
    throw invalidParameter(
      'computerName',
      'Windows computer name cannot be more than 15 characters long, be entirely numeric, or contain the following characters: ` ~ ! @ # $ % ^ & * ( ) = + _ [ ] { } \\ | ; : . \' " , < > / ?.',
    );
  }
  if (!isWindows && (/[`~!@#$%^&*()=+_[\]{}\\|;:'",<>/?\s]/.test(name) || name === '' || name.length > 64)) {
    throw invalidParameter(
      'computerName',
      'Linux host name cannot exceed 64 characters in length or contain the following characters: ` ~ ! @ # $ % ^ & * ( ) = + _ [ ] { } \\ | ; : \' " , < > / ?.',
    );
  }
}

function checkUser(user: unknown, isWindows: boolean): void {
  if (typeof user !== 'string' || user === '') {
    throw missingParameter('osProfile.adminUsername');
  }
  if (user.length > (isWindows ? 20 : 64)) {
    throw invalidParameter('adminUsername', `The Admin Username cannot exceed ${isWindows ? 20 : 64} characters.`);
  }
  if (forbiddenUsers.has(user.toLowerCase()) || /[\\/"[\]:|<>+=;,?*@&\s]|\.$/.test(user)) {
    throw invalidParameter('adminUsername', 'The Admin Username specified is not allowed.');
  }
}

/** Linux machines may do with a key. */
function needsPassword(profile: Json, isWindows: boolean): boolean {
  const { linuxConfiguration } = profile;
  const hasKey =
    typeof linuxConfiguration === 'object' &&
    linuxConfiguration !== null &&
    'disablePasswordAuthentication' in linuxConfiguration &&
    linuxConfiguration.disablePasswordAuthentication === true;
  return isWindows || !hasKey;
}

function checkPassword(password: unknown, isWindows: boolean): void {
  if (typeof password !== 'string') {
    throw missingParameter('osProfile.adminPassword');
  }
  const [least, most] = isWindows ? [8, 123] : [6, 72];
  const kinds = [/[A-Z]/, /[a-z]/, /\d/, /[\W_]/].filter((kind) => kind.test(password)).length;
  if (password.length < least || password.length > most || kinds < 3) {
    throw invalidParameter(
      'adminPassword',
      `The supplied password must be between ${least}-${most} characters long and must satisfy at least 3 of password complexity requirements from the following:\r\n1) Contains an uppercase character\r\n2) Contains a lowercase character\r\n3) Contains a numeric digit\r\n4) Contains a special character\r\n5) Control characters are not allowed`,
    );
  }
  if (forbiddenPasswords.has(password)) {
    throw invalidParameter(
      'adminPassword',
      'The supplied password is not allowed, please choose a different password.',
    );
  }
}

function isBase64(text: unknown): boolean {
  return (
    typeof text === 'string' &&
    text.length <= longestCustomData &&
    text.length % 4 === 0 &&
    /^[A-Za-z0-9+/]*={0,2}$/.test(text)
  );
}
