/*
 * ingest.mjs - a conference's index from a real Directus: once, again, after changes, one kind alone, into the embedded store,
 * into Qdrant's double, watched; with rows that are no records, rights taken away, and a Directus that hangs.
 *
 *	ingest.mjs DIR NAME BUILD CONFERENCE_FILE [MAPPING_FILE]
 *
 * Embeddings are asked of a double that counts them.
 */

import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Directus, check, finish, group, sleep } from './directus.mjs';

const PATIENCE_MS = 30000;

const [dir, name, build, file, mapping] = process.argv.slice(2);
const support = join(dirname(fileURLToPath(import.meta.url)), '../../support');
const directus = Directus.fromDirectory(dir);
const conference = JSON.parse(readFileSync(file, 'utf8'));
const names = mapping ? { sessions: 'session', exhibitors: 'exhibitor', speakers: 'speaker' } :
	{ sessions: 'sessions', exhibitors: 'exhibitors', speakers: 'speakers' };
const pid = Number(readFileSync(`${dir}/directus.pid`, 'utf8'));
const work = mkdtempSync(join(tmpdir(), 'erleah-ingest-'));
const started = [];

const is = (what, holds, seen) => check(`${name}: ingest: ${what}`, holds, seen);

/* A program of ours or a double; what it says is kept. */
function start(command, args, env = {}) {
	const child = spawn(command, args, { env: { PATH: process.env.PATH, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
	const run = { out: '', code: null };

	Object.defineProperty(run, 'child', { value: child });
	child.stdout.on('data', (data) => { run.out += data; });
	child.stderr.on('data', (data) => { run.out += data; });
	const ended = new Promise((resolve) => child.on('close', (code) => {
		run.code = code;
		resolve(run);
	}));
	Object.defineProperty(run, 'ended', { value: ended });
	started.push(run);
	return run;
}

async function until(holds, patience = PATIENCE_MS) {
	for (const end = performance.now() + patience; performance.now() < end; await sleep(50))
		if (await holds())
			return true;
	return false;
}

async function double(path, pattern) {
	const run = start('node', [path, '--port', '0']);
	await until(() => pattern.test(run.out));
	return pattern.exec(run.out)[1];
}

const embeddings = `http://127.0.0.1:${await double(join(support, 'openai/fake.mjs'), /listening on (\d+)/)}`;
const control = (method, path, body) => fetch(`${embeddings}/control/${path}`, {
	method, body: body && JSON.stringify(body), headers: { 'content-type': 'application/json' },
});

/* How many texts were embedded since it was asked last. */
async function embedded() {
	const requests = await (await control('GET', 'requests')).json();
	await control('DELETE', 'requests');
	return requests.reduce((sum, { body }) => sum + body.input.length, 0);
}

const settings = (data, more = {}) => ({
	ERLEAH_DATA: join(work, data), DIRECTUS_URL: directus.url, DIRECTUS_API_KEY: directus.service,
	OPENAI_BASE_URL: `${embeddings}/v1`, OPENAI_API_KEY: 'sk-test-0123456789', EMBEDDING_THREADS: '1', DIRECTUS_CHECK_MS: '300',
	...(mapping ? { DIRECTUS_MAPPING: mapping } : {}), ...more,
});
const begin = (args, data = 'data', more = {}) => start(join(build, 'ingest/erleah-ingest'), args, settings(data, more));
const ingest = (...args) => begin(args).ended;
const all = () => ingest('all', '--from', 'directus');
const said = (run, ...patterns) => patterns.every((pattern) => pattern.test(run.out));

const rows = (kind) => `/items/${names[kind]}`;
const write = (method, path, body) => directus.must(method, path, body, directus.admin);
const counted = Object.fromEntries(Object.keys(names).map((kind) => [kind, conference[kind].length]));
const total = (run) => run.out.includes(`${counted.sessions} sessions, ${counted.exhibitors} exhibitors, ${counted.speakers} speakers`);
const session = conference.sessions.find(({ speaker_ids }) => speaker_ids?.length > 0);
const owner = mapping ? {} : { conference_id: conference.conference.id };

try {
	await group(`${name}: ingest, once and again`, async () => {
		const dry = await ingest('all', '--from', 'directus', '--dry-run');
		is('a dry run says what would be, and writes nothing', dry.code === 0 && total(dry) && said(dry, /Nothing written; it would be/) &&
			await embedded() === 0 && !readdirSync(join(work, 'data')).some((one) => one.startsWith('index')), dry);
		const none = await ingest('verify', '--from', 'directus');
		is('verify says that there is no index', none.code === 1 && said(none, /no index of what Directus holds now/), none);
		const first = await all();
		const texts = await embedded();
		is('everything is there, in pages', first.code === 0 && total(first) && texts > 500, { ...first, texts });
		const second = await all();
		is('a second run embeds nothing', second.code === 0 && said(second, /is as it was, nothing written/) && await embedded() === 0, second);
		const proof = await ingest('verify');
		is('verify proves it', proof.code === 0 && said(proof, /holds exactly/), proof);
		const elsewhere = await ingest('all', '--from', 'directus', 'No such conference');
		is('a conference that is not there is said to be not there', elsewhere.code === 1 && said(elsewhere, /no conference "No such/), elsewhere);
	});

	await group(`${name}: ingest, changes`, async () => {
		const title = session.title;
		await write('PATCH', `${rows('sessions')}/${session.id}`, { title: `${title}, moved` });
		const stale = await ingest('verify');
		is('verify sees that Directus moved', stale.code === 1, stale);
		const changed = await all();
		const texts = await embedded();
		is('one changed record embeds only itself and who belongs to it', changed.code === 0 && said(changed, /sessions: 1 changed\./) &&
			texts > 0 && texts < 20, { ...changed, texts });
		is('and the index is exact again', (await ingest('verify')).code === 0);
		await write('PATCH', `${rows('sessions')}/${session.id}`, { title });
		const back = await all();
		is('what was embedded before is not again', back.code === 0 && said(back, /sessions: 1 changed\./) && await embedded() === 0, back);

		const id = randomUUID();
		await write('POST', rows('exhibitors'), { id, name: 'Quaternion Balloons', description: 'Balloons that turn.', ...owner });
		const added = await all();
		is('a new one is added', added.code === 0 && said(added, /exhibitors: 1 added\./) && await embedded() > 0, added);
		await write('DELETE', `${rows('exhibitors')}/${id}`);
		const removed = await all();
		is('a removed one disappears', removed.code === 0 && said(removed, /exhibitors: 1 removed\./) && total(removed), removed);
		is('and nothing of it is left', (await ingest('verify')).code === 0);

		const broken = randomUUID();
		await write('POST', rows('sessions'), { id: broken, description: 'No title yet.', ...owner });
		const without = await all();
		is('a row that is no record is left out and named', without.code === 0 && total(without) && said(without, new RegExp(`warning: .*title`)), without);
		await write('DELETE', `${rows('sessions')}/${broken}`);
	});

	await group(`${name}: ingest, one kind; stopped; another store; another index`, async () => {
		await write('PATCH', `${rows('speakers')}/${conference.speakers[0].id}`, { bio: `A biography about ${randomUUID()}.` });
		await write('PATCH', `${rows('exhibitors')}/${conference.exhibitors[0].id}`, { description: `A stand about ${randomUUID()}.` });
		await embedded();
		const speakers = await ingest('speakers', '--from', 'directus');
		const some = await embedded();
		const rest = await all();
		is('one kind embeds that kind alone', speakers.code === 0 && some > 0 && rest.code === 0 && await embedded() > 0, { speakers, rest, some });
		is('then all is exact', (await ingest('verify')).code === 0);

		await control('POST', 'plan', [{}, {}, { hang: true }, { hang: true }, { hang: true }, { hang: true }]);
		const killed = begin(['all', '--from', 'directus'], 'killed');
		await until(async () => (await (await control('GET', 'requests')).json()).length >= 3);
		killed.child.kill('SIGKILL');
		await killed.ended;
		await control('POST', 'plan', []);
		const before = await embedded();
		const resumed = await begin(['all', '--from', 'directus'], 'killed').ended;
		is('a killed run is gone on with', resumed.code === 0 && said(resumed, /[1-9]\d* reused/), { resumed, before });
		await embedded();

		const mirror = { ERLEAH_STORE: 'sqlite' };
		const copied = await begin(['all', '--from', 'directus'], 'mirror', mirror).ended;
		const again = await begin(['all', '--from', 'directus'], 'mirror', mirror).ended;
		const proof = await begin(['verify', '--from', 'directus'], 'mirror', mirror).ended;
		is('the embedded store can be filled from it', copied.code === 0 && total(copied) && said(again, /is as it was/) && proof.code === 0 &&
			said(proof, /holds exactly what Directus holds/), { copied, again, proof });

		await embedded();
		const qdrant = { QDRANT_URL: await double(join(support, 'qdrant/fake.mjs'), /(http:\S+)/) };
		const there = await begin(['all', '--from', 'directus'], 'qdrant', qdrant).ended;
		const texts = await embedded();
		const fresh = await begin(['all', '--from', 'directus'], 'other', qdrant).ended;
		const exact = await begin(['verify'], 'third', qdrant).ended;
		is('Qdrant holds it, for whoever comes', there.code === 0 && texts > 500 && said(fresh, /is as it was/) && await embedded() === 0 &&
			exact.code === 0, { there, fresh, exact, texts });
	});

	await group(`${name}: ingest, watched`, async () => {
		const watch = begin(['all', '--from', 'directus', '--watch'], 'data', { DIRECTUS_COMPARE_MS: '4000' });
		const added = randomUUID();
		const quiet = conference.exhibitors[1];
		await sleep(1500);
		is('nothing is said of what did not change', watch.out === '', watch.out);
		await write('POST', rows('exhibitors'), { id: added, name: 'Quaternion Balloons', description: 'Balloons that turn.', ...owner });
		is('it sees a new record', await until(() => /exhibitors: 1 added\./.test(watch.out)), watch.out);
		await write('PATCH', `${rows('exhibitors')}/${quiet.id}`, { description: `Without a date: ${randomUUID()}.` });
		is('and a change without a date, when it compares', await until(() => /exhibitors: 1 changed\./.test(watch.out)), watch.out);

		const [rights] = await directus.must('GET', `/permissions?filter[collection][_eq]=${names.sessions}&filter[action][_eq]=read` +
			'&filter[policy][name][_eq]=erleah', undefined, directus.admin);
		await write('DELETE', `/permissions/${rights.id}`);
		is('rights taken away are said once', await until(() => /Directus refused .* 403.*stays; it is tried again/.test(watch.out)), watch.out);
		await sleep(1500);
		is('and nothing is removed', !/removed/.test(watch.out), watch.out);
		delete rights.id;
		await write('POST', '/permissions', rights);
		is('rights given back', await until(() => /all is well again/.test(watch.out)), watch.out);

		watch.out = '';
		process.kill(pid, 'SIGSTOP');
		is('a Directus that hangs is said', await until(() => /stays; it is tried again/.test(watch.out)), watch.out);
		process.kill(pid, 'SIGCONT');
		is('it comes back', await until(() => /all is well again/.test(watch.out)), watch.out);
		await write('DELETE', `${rows('exhibitors')}/${added}`);
		is('it sees that a record went', await until(() => /exhibitors: 1 removed\./.test(watch.out)), watch.out);
		const asked = performance.now();
		watch.child.kill('SIGTERM');
		await watch.ended;
		is('SIGTERM ends it well, at once', watch.code === 0 && performance.now() - asked < 3000, watch);
		is('and the index is exact', (await ingest('verify')).code === 0);
	});

	await group(`${name}: ingest, an empty list`, async () => {
		const kept = await directus.must('GET', `${rows('exhibitors')}?limit=-1`, undefined, directus.admin);
		await write('DELETE', rows('exhibitors'), kept.map(({ id }) => id));
		const refused = await all();
		is('all of a kind gone is not believed', refused.code === 1 && said(refused, /no exhibitors any more, where \d+ were/), refused);
		const believed = await ingest('all', '--from', 'directus', '--allow-empty');
		is('unless it is said', believed.code === 0 && said(believed, /exhibitors: \d+ removed/), believed);
		for (let from = 0; from < kept.length; from += 100)
			await write('POST', `${rows('exhibitors')}?fields=id`, kept.slice(from, from + 100));
		const filled = await all();
		is('and they come back', filled.code === 0 && total(filled), filled);
	});
} finally {
	try {
		process.kill(pid, 'SIGCONT');
	} catch {
		/* it ended by itself: a check has said so */
	}
	for (const { child } of started)
		child.kill('SIGKILL');
	if (existsSync(work))
		rmSync(work, { recursive: true });
}
finish();
