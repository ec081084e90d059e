import { byId } from './element.ts';
import { Floor } from './floor.ts';
import { GraphProblem } from './graph.ts';
import { Session } from './session.ts';
import { shopOfViewer } from './shop-data.ts';

const STATES = {
  'signed-out': 'Signed out',
  connecting: 'Connecting…',
  live: 'Live',
  reconnecting: 'Reconnecting…',
} as const;

/** A session that is refused again so soon after it was renewed is over, whatever its refresh token says. */
const REFUSED_AGAIN_MS = 10_000;

const shopName = byId('shop', HTMLElement);
const state = byId('state', HTMLElement);
const signOutButton = byId('sign-out', HTMLButtonElement);
const signInView = byId('sign-in', HTMLElement);
const form = byId('sign-in-form', HTMLFormElement);
const email = byId('email', HTMLInputElement);
const password = byId('password', HTMLInputElement);
const problem = byId('sign-in-problem', HTMLElement);
const submit = form.querySelector('button')!;
const floorView = byId('floor', HTMLElement);
const floorTitle = byId('floor-title', HTMLElement);

let floor: Floor | undefined;
let renewedAt = Number.NEGATIVE_INFINITY;

const session = new Session({
  onRenewed() {
    renewedAt = performance.now();
    floor?.resume();
  },
  onEnded: () => leave('Your session has ended. Sign in again.'),
});

function show(name: keyof typeof STATES): void {
  state.dataset['state'] = name;
  if (state.textContent !== STATES[name]) state.textContent = STATES[name];
}

async function enter(): Promise<void> {
  const shop = await shopOfViewer(await session.accessToken());
  if (!shop) {
    await session.signOut();
    problem.textContent = 'This account runs no shop.';
    return;
  }
  password.value = '';
  shopName.textContent = shop.name;
  floorTitle.textContent = shop.name;
  document.title = `${shop.name} – shop floor`;
  signInView.hidden = true;
  floorView.hidden = false;
  signOutButton.hidden = false;
  floorTitle.focus();
  floor = new Floor(shop, {
    accessToken: () => session.accessToken(),
    onState: show,
    onSessionRefused,
  });
  floor.open();
}

function onSessionRefused(): void {
  if (performance.now() - renewedAt < REFUSED_AGAIN_MS) {
    void session.signOut();
    leave('Your session has ended. Sign in again.');
  } else void session.renew();
}

function leave(message: string): void {
  floor?.close();
  floor = undefined;
  show('signed-out');
  shopName.textContent = 'Shop floor';
  document.title = 'Shop floor';
  floorView.hidden = true;
  signOutButton.hidden = true;
  signInView.hidden = false;
  problem.textContent = message;
  email.focus();
}

async function signIn(): Promise<void> {
  problem.textContent = '';
  const missing = [email, password].find(({ value }) => value === '');
  if (missing) {
    problem.textContent = missing === email ? 'Enter your e-mail.' : 'Enter your password.';
    missing.focus();
    return;
  }
  try {
    const refusal = await session.signIn(email.value.trim(), password.value);
    if (refusal === undefined) await enter();
    else {
      problem.textContent = refusal;
      password.focus();
    }
  } catch (error) {
    if (session.isOpen) void session.signOut();
    problem.textContent = error instanceof GraphProblem ? error.message : 'That did not work. Try again.';
  }
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  // Not disabled: a button that loses the focus loses the place of who uses a keyboard.
  if (submit.getAttribute('aria-disabled') === 'true') return;
  submit.setAttribute('aria-disabled', 'true');
  void signIn().finally(() => submit.removeAttribute('aria-disabled'));
});
signOutButton.addEventListener('click', () => {
  void session.signOut();
  leave('');
});
addEventListener('online', () => floor?.resume());
document.addEventListener('visibilitychange', () => {
  // A page that slept may hold a socket that has long been dead, and a token that has ended.
  if (!document.hidden && state.dataset['state'] === 'reconnecting') floor?.resume();
});
