/*
 * provision.mjs - gives a new Directus the contract's schema, roles and tokens over its own REST
 * API, loads a conference, and prints what a client needs to know as shell assignments.
 *
 *	provision.mjs URL ADMIN_TOKEN [--conference FILE] [--records] [--accountability]
 */

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

const { values: options, positionals: [url, adminToken] } = parseArgs({
	allowPositionals: true,
	options: {
		conference: { type: 'string' },
		records: { type: 'boolean', default: false },
		accountability: { type: 'boolean', default: false },
	},
});

const SERVICE_TOKEN = 'service-token-for-the-tests-alone';
const VISITOR_TOKEN = 'visitor-token-for-the-tests-alone';

async function api(method, path, body) {
	const response = await fetch(url + path, {
		method,
		headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
		body: body === undefined ? undefined : JSON.stringify(body),
	});
	const text = await response.text();
	if (!response.ok)
		throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 500)}`);
	return text === '' ? null : JSON.parse(text).data;
}

/* The schema: what CONTRACT calls rows, in Directus' words. */

const key = { field: 'id', type: 'uuid', meta: { special: ['uuid'] }, schema: { is_primary_key: true } };
const created = { field: 'date_created', type: 'timestamp', meta: { special: ['date-created'] }, schema: {} };
const parent = { field: 'conference_id', type: 'uuid', meta: {}, schema: { is_indexed: true } };

const string = (field, value) => ({ field, type: 'string', meta: {}, schema: { default_value: value ?? null } });
const text = (field) => ({ field, type: 'text', meta: {}, schema: {} });
const json = (field) => ({ field, type: 'json', meta: { special: ['cast-json'] }, schema: {} });
const number = (field) => ({ field, type: 'float', meta: {}, schema: {} });
const boolean = (field) => ({ field, type: 'boolean', meta: { special: ['cast-boolean'] }, schema: {} });
const date = (field) => ({ field, type: 'date', meta: {}, schema: {} });
const time = (field) => ({ field, type: 'timestamp', meta: {}, schema: {} });

const collections = {
	conferences: [
		key, string('name'), text('description'), date('start_date'), date('end_date'),
		string('venue'), string('city'), string('timezone'), string('website'), json('info'),
	],
	conversations: [
		key, string('user_created', 'public-user'), created, parent,
		string('source', 'mini'), string('status', 'active'),
	],
	messages: [
		key, { field: 'conversation_id', type: 'uuid', meta: {}, schema: { is_indexed: true } },
		string('user_created', 'public-user'), created, string('role', 'user'),
		text('messageText'), string('status', 'pending'), json('metadata'),
	],
	sessions: [
		key, parent, text('title'), text('subtitle'), text('description'), string('track'),
		string('session_type'), time('start_time'), time('end_time'), string('location'),
		json('speaker_ids'), json('speaker_names'), string('level'), string('language'),
		json('tags'), text('url'),
	],
	speakers: [
		key, parent, text('name'), text('title'), text('company'), text('bio'),
		json('session_ids'), text('url'),
	],
	exhibitors: [
		key, parent, text('name'), string('booth_number'), string('category'),
		text('description'), json('products'), text('website'), string('tier'),
		text('availability'),
	],
};

/* What the file's records hold beyond these: facet fields, each with the type its values have. */
function widen(data) {
	const typeOf = (value) => {
		if (typeof value === 'object')
			return json;
		return { number: number, boolean: boolean }[typeof value] ?? text;
	};
	const records = { conferences: [data.conference], ...data };
	for (const [collection, fields] of Object.entries(collections)) {
		const known = new Set(fields.map(({ field }) => field));
		for (const record of records[collection] ?? [])
			for (const [name, value] of Object.entries(record))
				if (!known.has(name) && value !== null) {
					known.add(name);
					fields.push(typeOf(value)(name));
				}
	}
}

const relations = [
	['conversations', 'conference_id', 'conferences'],
	['messages', 'conversation_id', 'conversations'],
	['sessions', 'conference_id', 'conferences'],
	['speakers', 'conference_id', 'conferences'],
	['exhibitors', 'conference_id', 'conferences'],
];

async function makeSchema() {
	for (const [collection, fields] of Object.entries(collections)) {
		const meta = { accountability: 'all' };
		if (collection === 'messages' && !options.accountability)
			meta.accountability = null;
		await api('POST', '/collections', { collection, fields, meta, schema: {} });
	}
	for (const [collection, field, related_collection] of relations)
		await api('POST', '/relations', {
			collection, field, related_collection, meta: {}, schema: { on_delete: 'CASCADE' },
		});
}

/* Who may do what. The backend reads everything and writes messages; a visitor asks. */

const all = { permissions: {}, fields: ['*'] };
const role_user = { role: { _eq: 'user' } };

const backend = [
	...Object.keys(collections).map((collection) => ({ collection, action: 'read', ...all })),
	{ collection: 'conversations', action: 'create', ...all },
	{ collection: 'conversations', action: 'update', ...all },
	{ collection: 'messages', action: 'create', ...all },
	{ collection: 'messages', action: 'update', ...all },
	/* For the check of the schema at start. */
	...['directus_collections', 'directus_fields', 'directus_relations']
		.map((collection) => ({ collection, action: 'read', ...all })),
];

const visitor = [
	{
		collection: 'conversations', action: 'create', permissions: {}, validation: {},
		presets: { source: 'mini', status: 'active' }, fields: ['id', 'conference_id', 'user_created', 'source', 'status'],
	},
	{
		collection: 'messages', action: 'create', permissions: {}, validation: role_user,
		presets: { role: 'user', status: 'completed' },
		fields: ['id', 'conversation_id', 'user_created', 'role', 'messageText', 'status'],
	},
	{ collection: 'conversations', action: 'read', ...all },
	{ collection: 'messages', action: 'read', ...all },
	...['conferences', 'sessions', 'speakers', 'exhibitors']
		.map((collection) => ({ collection, action: 'read', ...all })),
];

async function grant(policy, permissions) {
	await api('POST', '/permissions', permissions.map((one) => ({ ...one, policy })));
}

async function makeUser(name, token, permissions) {
	const policy = await api('POST', '/policies', { name, admin_access: false, app_access: false });
	const role = await api('POST', '/roles', { name, policies: [{ policy: policy.id }] });
	await api('POST', '/users', {
		email: `${name}@example.com`, password: `password of ${name}`, first_name: name,
		role: role.id, token,
	});
	await grant(policy.id, permissions);
}

async function makeRoles() {
	const policies = await api('GET', '/policies?fields=id,name,icon&limit=-1');
	const open = policies.find((policy) => policy.name === '$t:public_label');
	if (open === undefined)
		throw new Error('this Directus has no public policy');
	await grant(open.id, visitor);
	await makeUser('erleah', SERVICE_TOKEN, backend);
	await makeUser('visitor', VISITOR_TOKEN, visitor);
}

/* The conference, from the normalised JSON. */

async function load(data) {
	const { id } = await api('POST', '/items/conferences', data.conference);
	if (options.records)
		for (const collection of ['sessions', 'speakers', 'exhibitors']) {
			const rows = (data[collection] ?? []).map((record) => ({ ...record, conference_id: id }));
			for (let from = 0; from < rows.length; from += 100)
				await api('POST', `/items/${collection}?fields=id`, rows.slice(from, from + 100));
		}
	return id;
}

const data = options.conference ? JSON.parse(readFileSync(options.conference, 'utf8')) : null;
if (data)
	widen(data);
await makeSchema();
await makeRoles();
const conference = data ? await load(data) : '';
console.log(`DIRECTUS_URL=${url}
DIRECTUS_API_KEY=${SERVICE_TOKEN}
DIRECTUS_TOKEN=${VISITOR_TOKEN}
DIRECTUS_ADMIN_TOKEN=${adminToken}
CONFERENCE_ID=${conference}`);
