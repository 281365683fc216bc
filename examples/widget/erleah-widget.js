/*
 * erleah-widget.js: the visitor's side of the conference assistant. One file, no dependencies.
 *
 *   question ──▶ POST /items/conversations, /items/messages   Directus, or the server's own face
 *            ──▶ POST /api/chat                               answers with the reply's id
 *   answer   ◀── WebSocket subscription to that one row, or the assistant's event stream, or polls
 *
 * Every id is made here and every step may be repeated, so a lost connection or a reload never
 * loses a question and never asks it twice. README.md lists the attributes.
 */
(() => {
"use strict";
if (customElements.get("erleah-widget")) return;

const script = document.currentScript;
const MAX_QUESTION = 2000, MAX_TURNS = 50, MAX_CARDS = 4;
const REQUEST_MS = 15000, POLL_MS = 1000, BEAT_MS = 5000, SILENCE_MS = 300000, STALE_MS = 600000;

/* ---- words ------------------------------------------------------------------------------ */

const WORDS = {
	en: {
		title: "Conference assistant", open: "Ask the assistant", close: "Close", fresh: "New conversation",
		hello: "Ask about sessions, speakers, exhibitors or anything practical.",
		samples: ["What is on right now?", "Which sessions suit a beginner?", "How do I get to the venue?"],
		place: "Ask a question", send: "Send", stop: "Stop answering", log: "Conversation", left: "{n} characters left",
		you: "You asked:", looking: "Looking through the programme", sources: "Sources", more: "Show all {n}",
		session: "Session", speaker: "Speaker", exhibitor: "Exhibitor", info: "Information", booth: "Booth", site: "Website",
		none: "No more details are available.", suggest: "You could also ask", up: "Helpful", down: "Not helpful",
		why: "What was missing? (optional)", thanks: "Thank you for the feedback.",
		stopped: "Stopped. This is the answer so far.", partial: "This answer may be incomplete.", failed: "The answer could not be finished.",
		basic: "Answered in basic mode: a part of the assistant is unavailable.", note: "Answers come from the conference’s own records.",
		retry: "Try again", wait: "Try again in {n} s", edit: "Edit the question",
		e0: "The connection was lost. Your question is kept.", e404: "This conversation is no longer known here. Trying again starts it anew.",
		e422: "This question cannot be answered as it is. Please write one of at most 2,000 characters.",
		e429: "That was a lot of questions in a short time. Please wait a moment.",
		e503: "The assistant is busy right now. Your question is kept.", eX: "Something went wrong. Your question is kept.",
	},
	de: {
		title: "Konferenz-Assistent", open: "Assistenten fragen", close: "Schließen", fresh: "Neues Gespräch",
		hello: "Fragen Sie nach Vorträgen, Personen, Ausstellern oder Praktischem.",
		samples: ["Was läuft gerade?", "Welche Vorträge eignen sich für Einsteiger?", "Wie komme ich zum Veranstaltungsort?"],
		place: "Frage stellen", send: "Senden", stop: "Antwort anhalten", log: "Gespräch", left: "Noch {n} Zeichen",
		you: "Ihre Frage:", looking: "Das Programm wird durchsucht", sources: "Quellen", more: "Alle {n} zeigen",
		session: "Vortrag", speaker: "Person", exhibitor: "Aussteller", info: "Information", booth: "Stand", site: "Website",
		none: "Mehr ist dazu nicht bekannt.", suggest: "Fragen Sie auch", up: "Hilfreich", down: "Nicht hilfreich",
		why: "Was hat gefehlt? (freiwillig)", thanks: "Danke für die Rückmeldung.",
		stopped: "Angehalten. Das ist die Antwort bis hierher.", partial: "Diese Antwort ist vielleicht unvollständig.", failed: "Die Antwort konnte nicht beendet werden.",
		basic: "Im Grundbetrieb beantwortet: Ein Teil des Assistenten ist nicht erreichbar.", note: "Antworten stammen aus den Daten der Konferenz.",
		retry: "Erneut versuchen", wait: "Erneut versuchen in {n} s", edit: "Frage bearbeiten",
		e0: "Die Verbindung ist abgebrochen. Ihre Frage bleibt erhalten.", e404: "Dieses Gespräch ist hier nicht mehr bekannt. Ein neuer Versuch beginnt es neu.",
		e422: "Diese Frage lässt sich so nicht beantworten. Bitte höchstens 2.000 Zeichen schreiben.",
		e429: "Das waren viele Fragen in kurzer Zeit. Bitte einen Moment warten.",
		e503: "Der Assistent ist gerade ausgelastet. Ihre Frage bleibt erhalten.", eX: "Etwas ist schiefgegangen. Ihre Frage bleibt erhalten.",
	},
	fr: {
		title: "Assistant de la conférence", open: "Interroger l’assistant", close: "Fermer", fresh: "Nouvelle conversation",
		hello: "Posez une question sur les sessions, les intervenants, les exposants ou la vie pratique.",
		samples: ["Que se passe-t-il en ce moment ?", "Quelles sessions conviennent aux débutants ?", "Comment venir sur place ?"],
		place: "Poser une question", send: "Envoyer", stop: "Arrêter la réponse", log: "Conversation", left: "Encore {n} caractères",
		you: "Votre question :", looking: "Recherche dans le programme", sources: "Sources", more: "Afficher les {n}",
		session: "Session", speaker: "Intervenant", exhibitor: "Exposant", info: "Information", booth: "Stand", site: "Site web",
		none: "Pas d’autres détails disponibles.", suggest: "Vous pouvez aussi demander", up: "Utile", down: "Pas utile",
		why: "Que manquait-il ? (facultatif)", thanks: "Merci pour votre retour.",
		stopped: "Arrêté. Voici la réponse jusqu’ici.", partial: "Cette réponse est peut-être incomplète.", failed: "La réponse n’a pas pu être terminée.",
		basic: "Réponse en mode de base : une partie de l’assistant est indisponible.", note: "Les réponses viennent des données de la conférence.",
		retry: "Réessayer", wait: "Réessayer dans {n} s", edit: "Modifier la question",
		e0: "La connexion est perdue. Votre question est conservée.", e404: "Cette conversation n’est plus connue ici. Un nouvel essai la recommence.",
		e422: "Cette question ne peut pas recevoir de réponse. Écrivez au plus 2 000 caractères.",
		e429: "Beaucoup de questions en peu de temps. Patientez un instant.",
		e503: "L’assistant est très sollicité. Votre question est conservée.", eX: "Un problème est survenu. Votre question est conservée.",
	},
	es: {
		title: "Asistente del congreso", open: "Preguntar al asistente", close: "Cerrar", fresh: "Nueva conversación",
		hello: "Pregunte por sesiones, ponentes, expositores o cuestiones prácticas.",
		samples: ["¿Qué hay ahora mismo?", "¿Qué sesiones son para principiantes?", "¿Cómo se llega al recinto?"],
		place: "Haga una pregunta", send: "Enviar", stop: "Detener la respuesta", log: "Conversación", left: "Quedan {n} caracteres",
		you: "Su pregunta:", looking: "Buscando en el programa", sources: "Fuentes", more: "Mostrar las {n}",
		session: "Sesión", speaker: "Ponente", exhibitor: "Expositor", info: "Información", booth: "Stand", site: "Sitio web",
		none: "No hay más detalles.", suggest: "También puede preguntar", up: "Útil", down: "Poco útil",
		why: "¿Qué faltaba? (opcional)", thanks: "Gracias por su opinión.",
		stopped: "Detenido. Esta es la respuesta hasta aquí.", partial: "Esta respuesta puede estar incompleta.", failed: "No se pudo terminar la respuesta.",
		basic: "Respuesta en modo básico: una parte del asistente no está disponible.", note: "Las respuestas proceden de los datos del congreso.",
		retry: "Reintentar", wait: "Reintentar en {n} s", edit: "Editar la pregunta",
		e0: "Se perdió la conexión. Su pregunta se conserva.", e404: "Esta conversación ya no se conoce aquí. Al reintentar empieza de nuevo.",
		e422: "Esta pregunta no se puede responder así. Escriba como máximo 2000 caracteres.",
		e429: "Han sido muchas preguntas en poco tiempo. Espere un momento.",
		e503: "El asistente está ocupado. Su pregunta se conserva.", eX: "Algo ha fallado. Su pregunta se conserva.",
	},
};

/* ---- small tools ------------------------------------------------------------------------ */

/* crypto.randomUUID exists in secure contexts only; a page on plain http is not one. */
function uuid() {
	if (crypto.randomUUID) return crypto.randomUUID();
	const b = crypto.getRandomValues(new Uint8Array(16));
	b[6] = (b[6] & 0x0f) | 0x40;
	b[8] = (b[8] & 0x3f) | 0x80;
	const hex = Array.from(b, (x) => x.toString(16).padStart(2, "0")).join("");
	return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/* el("p", {class: "x", onclick: f}, "text", node): strings become text nodes, never markup. */
function el(name, props, ...children) {
	const node = document.createElement(name);
	for (const [key, value] of Object.entries(props ?? {})) {
		if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
		else if (value === true) node.setAttribute(key, "");
		else if (value !== false && value != null) node.setAttribute(key, value);
	}
	node.append(...children.filter((c) => c != null));
	return node;
}

const ICONS = {
	send: "M12 19V5m-6 6 6-6 6 6", stop: "M7 7h10v10H7z", close: "m6 6 12 12M18 6 6 18", fresh: "M12 5v14m-7-7h14",
	chat: "M4 5h16v11H9l-5 4z", up: "M7 10v9H4v-9zm0 0 4-6c2 0 2 1 2 3l-.5 3H20l-2 9H7", down: "M7 14V5H4v9zm0 0 4 6c2 0 2-1 2-3l-.5-3H20l-2-9H7",
	session: "M5 6h14v14H5zm0 4h14M9 3v4m6-4v4", speaker: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zm-7 9c0-4 3-6 7-6s7 2 7 6",
	exhibitor: "M4 9l2-5h12l2 5M4 9h16M6 9v11h12V9m-8 11v-6h4v6", info: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zm0-10v6m0-9v.1",
};

function icon(name) {
	const ns = "http://www.w3.org/2000/svg";
	const svg = document.createElementNS(ns, "svg"), path = document.createElementNS(ns, "path");
	svg.setAttribute("viewBox", "0 0 24 24");
	svg.setAttribute("aria-hidden", "true");
	path.setAttribute("d", ICONS[name] ?? ICONS.info);
	svg.append(path);
	return svg;
}

/* ---- requests --------------------------------------------------------------------------- */

/* What went wrong: status 0 is the network; codes are Directus'; retryAfter counts seconds. */
class Failure extends Error {
	constructor(status, body, retryAfter) {
		super(body?.error ?? body?.errors?.[0]?.message ?? `status ${status}`);
		this.status = status;
		this.code = body?.errors?.[0]?.extensions?.code;
		const date = Date.parse(retryAfter);
		const seconds = /^\d+$/.test(retryAfter) ? Number(retryAfter) : Math.ceil((date - Date.now()) / 1000);
		this.retryAfter = seconds > 0 ? Math.min(seconds, 3600) : { 429: 10, 503: 2 }[status] ?? 0;
	}
	get passing() { return [0, 500, 502, 503, 504].includes(this.status); }
}

async function request(url, { body, token } = {}) {
	const abort = new AbortController(), timer = setTimeout(() => abort.abort(), REQUEST_MS);
	const headers = {};
	if (body) headers["Content-Type"] = "application/json";
	if (token) headers.Authorization = `Bearer ${token}`;
	try {
		const response = await fetch(url, {
			method: body ? "POST" : "GET", body: body && JSON.stringify(body), headers,
			credentials: "omit", cache: "no-store", signal: abort.signal,
		});
		const text = await response.text();
		let json = null;
		try { json = JSON.parse(text); } catch { /* 204, or a proxy's page */ }
		if (!response.ok) throw new Failure(response.status, json, response.headers.get("Retry-After"));
		return json;
	} catch (e) {
		throw e instanceof Failure ? e : new Failure(0);
	} finally {
		clearTimeout(timer);
	}
}

/* Repeats what is safe to repeat while the cause may pass; asking too often is not one. */
async function patiently(work) {
	for (let attempt = 0; ; attempt++) {
		try {
			return await work();
		} catch (e) {
			if (!e.passing || attempt === 2 || e.retryAfter > 5) throw e;
			await sleep(Math.max(e.retryAfter * 1000, 400 * 2 ** attempt) + Math.random() * 400);
		}
	}
}

/* ---- text to nodes ---------------------------------------------------------------------- */

/*
 * A small part of Markdown: paragraphs, lists, headings as bold lines, bold, italics, code and
 * links to http(s). Everything else, any HTML above all, stays the characters it is.
 */
function safe_url(text) {
	try {
		const url = new URL(text);
		return /^https?:$/.test(url.protocol) && !url.username ? url.href : null;
	} catch {
		return null;
	}
}

function link(href, ...children) {
	return el("a", { href, title: href, target: "_blank", rel: "noopener noreferrer nofollow" }, ...children);
}

const INLINE = /\*\*(\S|\S.*?\S)\*\*|(?<![*\w])\*([^*\s]|[^*\s][^*]*[^*\s])\*(?![*\w])|`([^`]+)`|\[([^[\]]+)\]\(([^()\s]+)\)|(https?:\/\/[^\s<>"'*]*[^\s<>"'*.,;:!?)\]])/g;

function inline(text) {
	const nodes = [];
	let end = 0;
	for (const m of text.matchAll(INLINE)) {
		const [all, bold, italic, code, label, target, bare] = m;
		const href = (target ?? bare) && safe_url(target ?? bare);
		nodes.push(text.slice(end, m.index));
		end = m.index + all.length;
		if (bold) nodes.push(el("strong", null, ...inline(bold)));
		else if (italic) nodes.push(el("em", null, ...inline(italic)));
		else if (code) nodes.push(el("code", null, code));
		else nodes.push(href ? link(href, label ?? bare) : all);
	}
	nodes.push(text.slice(end));
	return nodes.filter((n) => n !== "");
}

const ITEM = /^\s*(?:[-*•]|(\d{1,3})[.)])\s+(.*)$/;

function block(source) {
	const lines = source.split("\n"), out = [];
	for (const line of lines) {
		const item = ITEM.exec(line), heading = /^#{1,6}\s+(.*)$/.exec(line), last = out[out.length - 1];
		if (item) {
			const name = item[1] ? "ol" : "ul";
			const list = last?.localName === name ? last : el(name, { start: name === "ol" && item[1] !== "1" && item[1], dir: "auto" });
			list.append(el("li", null, ...inline(item[2])));
			if (list !== last) out.push(list);
		} else if (heading) {
			out.push(el("p", { class: "heading", dir: "auto" }, ...inline(heading[1])));
		} else if (last?.lastChild?.localName === "li" && /^\s/.test(line)) {
			last.lastChild.append(el("br"), ...inline(line.trim()));
		} else if (last?.localName === "p" && last.className !== "heading") {
			last.append(el("br"), ...inline(line));
		} else {
			out.push(el("p", { dir: "auto" }, ...inline(line)));
		}
	}
	return out;
}

/* Draws text into box and touches only blocks that changed: a selection survives streaming. */
function draw_text(box, text) {
	const sources = text.replace(/\r\n?/g, "\n").split(/\n\s*\n/).filter((s) => s.trim());
	const old = box.drawn ?? [];
	let same = 0;
	while (same < old.length && old[same].source === sources[same]) same++;
	for (const gone of old.slice(same)) gone.nodes.forEach((n) => n.remove());
	box.drawn = old.slice(0, same);
	for (const source of sources.slice(same)) {
		const nodes = block(source);
		box.append(...nodes);
		box.drawn.push({ source, nodes });
	}
}

/* ---- the link to Directus --------------------------------------------------------------- */

/*
 * One WebSocket, there only while an answer is under way, subscribed to that answer's row. Silence
 * is questioned with a ping; two that stay unanswered make the link dead, whatever the browser
 * believes, and a new one subscribes again: its `init` brings the row as it is by then.
 */
class Link {
	constructor({ url, token, beat_ms, on_row, on_doubt }) {
		Object.assign(this, { url, token, beat_ms, on_row, on_doubt, id: null, tries: 0, closed: false });
		this.timer = setInterval(() => this.beat(), beat_ms);
		this.open();
	}
	open() {
		this.delivering = this.ready = false;
		this.heard = Date.now();
		this.missed = 0;
		if (this.closed) return;
		let socket;
		try {
			socket = this.socket = new WebSocket(this.url);
		} catch {
			return this.lost(); /* a policy of the page forbids it */
		}
		socket.onopen = () => (this.token ? this.send({ type: "auth", access_token: this.token }) : this.granted());
		socket.onmessage = (e) => this.receive(e.data);
		socket.onclose = () => this.lost();
	}
	send(message) {
		if (this.socket?.readyState === 1) this.socket.send(JSON.stringify(message));
	}
	granted() {
		this.ready = true;
		this.subscribe();
	}
	watch(id) {
		this.id = id;
		this.subscribe();
	}
	subscribe() {
		if (this.ready && this.id) this.send({ type: "subscribe", collection: "messages", item: this.id, uid: `reply-${this.id}` });
	}
	receive(data) {
		let m;
		try { m = JSON.parse(data); } catch { return; }
		this.heard = Date.now();
		this.missed = 0;
		if (m?.type === "ping") this.send({ type: "pong" });
		else if (m?.type === "auth") m.status === "ok" ? this.granted() : this.lost();
		else if (m?.type === "subscription") {
			const row = [].concat(m.data ?? []).find((r) => r?.id === this.id);
			if (!row || m.event === "delete") return;
			this.delivering = true;
			this.tries = 0;
			this.on_row(row);
			/* Directus reads `init` before it listens: what changed in between is read once more. */
			if (m.event === "init") this.on_doubt();
		} else if (m?.type === "subscribe" && m.status === "error") {
			clearTimeout(this.again); /* the row is not there yet, for this reader */
			this.again = setTimeout(() => this.subscribe(), 2000);
		}
	}
	beat() {
		if (!this.socket || Date.now() - this.heard < this.beat_ms) return;
		if (++this.missed > 2) this.lost();
		else this.send({ type: "ping" });
	}
	lost() {
		this.drop();
		this.on_doubt();
		const wait = Math.min(1000 * 2 ** this.tries++, 30000) * (0.75 + Math.random() / 2);
		clearTimeout(this.again);
		if (!this.closed) this.again = setTimeout(() => this.open(), wait);
	}
	drop() { /* without waiting for a close handshake: a dead link never answers one */
		const socket = this.socket;
		this.socket = null;
		this.delivering = this.ready = false;
		if (!socket) return;
		socket.onopen = socket.onmessage = socket.onclose = null;
		socket.close();
	}
	close() {
		this.closed = true;
		clearInterval(this.timer);
		clearTimeout(this.again);
		this.drop();
	}
}

/*
 * The same for `data-live="events"`: the assistant's own event stream, for pages whose visitors are
 * kept away from Directus' WebSocket. The browser resumes it by itself; the end is read from the row.
 */
class Events {
	constructor({ api, on_row, on_doubt }) {
		Object.assign(this, { api, on_row, on_doubt, text: "", delivering: false });
	}
	watch(id) {
		this.source = new EventSource(`${this.api}/api/chat/${id}/events`);
		this.source.onopen = () => { this.delivering = true; };
		this.source.addEventListener("delta", (e) => {
			this.text += JSON.parse(e.data).text;
			this.on_row({ id, messageText: this.text, status: "streaming" });
		});
		for (const name of ["done", "error"]) {
			this.source.addEventListener(name, (e) => {
				this.delivering = false;
				if (name === "done" || e.data) this.source.close(); /* else a lost connection */
				this.on_doubt();
			});
		}
	}
	close() {
		this.source?.close();
	}
}

/* ---- the conversation ------------------------------------------------------------------- */

/*
 * Turns and how they come about; knows nothing of the page. A turn's phase:
 *
 *   sending ──▶ answering ──▶ done        any of the first two ──▶ failed ──(retry)──▶ sending
 */
class Chat {
	constructor(config, on_change) {
		Object.assign(this, { config, on_change, wake: () => {} });
		this.key = `erleah:${config.api}:${config.directus}:${config.conference}`;
		this.reset();
	}
	reset() {
		this.conversation = uuid();
		this.created = null; /* the conversation whose row is known to exist */
		this.turns = [];
	}
	get live() { return this.turns.find((t) => t.phase === "sending" || t.phase === "answering"); }

	/* The conference as far as it may be read: {id, name?, timezone?, ...}. */
	about() {
		return this.about_known ??= (async () => {
			const { directus, conference, token } = this.config;
			const path = conference ? `/${conference}` : "?limit=1";
			try {
				const { data } = await patiently(() => request(`${directus}/items/conferences${path}`, { token }));
				const found = [].concat(data ?? [])[0];
				if (found?.id) return found;
				throw new Failure(404);
			} catch (e) {
				if (conference) return { id: conference };
				this.about_known = null;
				throw e;
			}
		})();
	}

	/* Storage may be full, forbidden or partitioned away; then a reload starts afresh. */
	save() {
		const { conversation, created, conference, open } = this, turns = this.turns.slice(-MAX_TURNS);
		try {
			sessionStorage.setItem(this.key, JSON.stringify({ version: 1, conversation, created, conference, open, turns }));
		} catch { /* nothing is lost but the memory of it */ }
	}
	restore() {
		try {
			const saved = JSON.parse(sessionStorage.getItem(this.key));
			if (saved?.version !== 1) return;
			for (const name of ["conversation", "created", "conference", "open", "turns"]) this[name] = saved[name];
		} catch {
			return;
		}
		for (const turn of this.turns) {
			if (turn.phase === "sending" && Date.now() - turn.asked_at > STALE_MS) {
				turn.phase = "failed";
				turn.failure = { status: 0, retryAfter: 0 };
			} else if (turn.phase === "sending" || turn.phase === "answering") {
				this.run(turn);
			}
		}
	}
	changed(turn) {
		this.save();
		this.on_change(turn);
	}

	ask(question) {
		const turn = { conversation: this.conversation, message: uuid(), question, asked_at: Date.now(), phase: "sending", text: "", references: [], suggestions: [] };
		this.turns.push(turn);
		return this.run(turn);
	}
	retry(turn) {
		/* 409: this id was used for something else before. In all other cases it is the key
		 * under which the server knows the question, so the same one asks only once. */
		if (turn.failure?.status === 409) Object.assign(turn, { message: uuid(), stored: false });
		Object.assign(turn, { phase: "sending", reply: null, failure: null, stopping: false, asked_at: Date.now() });
		return this.run(turn);
	}
	async run(turn) {
		const { api, directus, token, beat, live } = this.config;
		const link = new (live === "events" ? Events : Link)({
			api, url: `${directus.replace(/^http/, "ws")}/websocket`, token, beat_ms: beat,
			on_row: (row) => this.take(turn, row), on_doubt: () => { this.doubt = true; this.wake(); },
		});
		try {
			this.changed(turn);
			if (!turn.reply) await this.send(turn);
			if (turn.phase === "sending") turn.phase = "answering";
			this.changed(turn);
			if (turn.phase === "answering") await this.follow(turn, link);
			link.close();
			if (turn.reply) await this.finish(turn);
		} catch (e) {
			turn.phase = "failed";
			turn.failure = { status: e.status ?? -1, retryAfter: e.retryAfter ?? 0, at: Date.now() };
			if (![0, 429, 503].includes(e.status)) this.created = turn.stored = null; /* build anew */
		} finally {
			link.close();
		}
		this.changed(turn);
	}

	/* Rows first, then the question: each step is repeatable because its id is ours. */
	async send(turn) {
		const { api } = this.config, conference = (await this.about()).id;
		if (this.conference && this.conference !== conference) turn.conversation = this.conversation = uuid();
		this.conference = conference;
		if (this.created !== turn.conversation) {
			await this.create("conversations", {
				id: turn.conversation, conference_id: conference, source: "mini", user_created: "public-user", status: "active",
			});
			this.created = turn.conversation;
		}
		if (turn.stopping) return this.halt(turn);
		if (!turn.stored) {
			await this.create("messages", {
				id: turn.message, conversation_id: turn.conversation, role: "user", messageText: turn.question,
				user_created: "public-user", status: "completed",
			});
			turn.stored = true;
		}
		this.save();
		if (turn.stopping) return this.halt(turn);
		const body = { conversation_id: turn.conversation, message_id: turn.message, conference_id: conference };
		turn.reply = (await patiently(() => request(`${api}/api/chat`, { body }))).assistant_message_id;
		if (turn.stopping) this.stop(turn);
	}
	async create(collection, row) {
		const { directus, token } = this.config;
		try {
			await patiently(() => request(`${directus}/items/${collection}`, { body: row, token }));
		} catch (e) {
			if (e.code !== "RECORD_NOT_UNIQUE") throw e; /* an earlier attempt arrived after all */
		}
	}
	halt(turn) {
		Object.assign(turn, { phase: "done", outcome: "stopped" });
	}

	/* Waits for the end: the link brings it; whenever the link is silent or gone, polls do. */
	async follow(turn, link) {
		const { beat } = this.config;
		let errors = 0;
		this.doubt = false;
		turn.heard = turn.grew = Date.now();
		link.watch(turn.reply);
		await this.pause(POLL_MS);
		while (turn.phase === "answering") {
			if (!link.delivering || this.doubt || Date.now() - turn.heard >= 2 * beat || turn.stopping) {
				this.doubt = false;
				try {
					await this.poll(turn);
					errors = 0;
				} catch (e) {
					if (++errors > 8 || (!e.passing && e.status !== 429)) throw e;
				}
			}
			if (Date.now() - turn.grew > SILENCE_MS) throw new Failure(0);
			if (turn.phase === "answering") await this.pause(link.delivering && !turn.stopping ? beat : POLL_MS * 1.5 ** errors);
		}
	}
	pause(ms) {
		return new Promise((done) => {
			const timer = setTimeout(done, ms);
			this.wake = () => { clearTimeout(timer); done(); };
		});
	}
	async poll(turn) {
		const { api, directus, token } = this.config, began = Date.now();
		let row;
		try {
			row = (await request(`${directus}/items/messages/${turn.reply}`, { token })).data;
		} catch { /* the rows are out of reach: ask the assistant itself */
			const reply = await request(`${api}/api/chat/${turn.reply}`);
			row = { messageText: reply.text, status: reply.state, metadata: reply };
		}
		if (row && turn.heard <= began) this.take(turn, row); /* else the link was faster */
	}
	take(turn, row) {
		const text = row.messageText ?? "", ended = row.status === "completed";
		turn.heard = Date.now();
		/* Events may overtake each other: never back from the end, nor to fewer words. */
		if (turn.phase !== "answering" || (!ended && text.length < turn.text.length && turn.text.startsWith(text))) return;
		if (text !== turn.text) turn.grew = turn.heard;
		turn.text = text;
		this.absorb(turn, row.metadata);
		if (ended) turn.phase = "done";
		this.changed(turn);
		if (turn.phase === "done") this.wake();
	}
	absorb(turn, metadata) {
		try {
			if (typeof metadata === "string") metadata = JSON.parse(metadata);
		} catch {
			return;
		}
		for (const name of ["references", "suggestions"]) if (Array.isArray(metadata?.[name])) turn[name] = metadata[name];
		for (const name of ["outcome", "mode"]) if (metadata?.[name]) turn[name] = metadata[name];
	}
	/* What the row did not carry is asked of the assistant; the text is the row's in any case. */
	async finish(turn) {
		if (turn.outcome) return;
		try {
			this.absorb(turn, await request(`${this.config.api}/api/chat/${turn.reply}`));
		} catch { /* an answer without cards is still the answer */ }
	}

	async stop(turn) {
		turn.stopping = true;
		this.changed(turn);
		if (!turn.reply) return; /* send() stops it as soon as there is something to stop */
		try {
			await patiently(() => request(`${this.config.api}/api/chat/${turn.reply}/stop`, { body: {} }));
		} catch {
			turn.stopping = false;
			this.changed(turn);
		}
		this.wake();
	}
	async rate(turn, rating, comment) {
		turn.rating = rating;
		this.save();
		await patiently(() => request(`${this.config.api}/api/chat/${turn.reply}/feedback`, { body: comment ? { rating, comment } : { rating } }));
	}
	/* "sessions", {limit: 5} or "sessions/<id>": public records, never messages. */
	async records(path, query = {}) {
		const { directus, token } = this.config, search = new URLSearchParams(query).toString();
		return (await request(`${directus}/items/${path}${search && `?${search}`}`, { token })).data;
	}
	start_over() {
		if (this.live) this.stop(this.live);
		this.reset();
		this.save();
	}
}

/* ---- the view --------------------------------------------------------------------------- */

const DARK = `--bg: #15191c; --raised: #1d2327; --ink: #e8eaeb; --soft: #a7b1b8; --line: #333c42; --tint: #1f3231;
	--accent: var(--erleah-accent-dark, #86cdc2); --on-accent: #0d1f1d; --bad: #f2a79b; color-scheme: dark;`;
const STYLE = `
:host { all: initial; display: block; --bg: #fdfcfa; --raised: #fff; --ink: #1f2528; --soft: #5a656c; --line: #e0dcd3; --tint: #e6f0ee;
	--accent: var(--erleah-accent, #1b5e58); --on-accent: #fff; --bad: #a3301f; color-scheme: light; }
:host([hidden]) { display: none; }
:host([data-theme="dark"]) { ${DARK} }
@media (prefers-color-scheme: dark) { :host(:not([data-theme="light"])) { ${DARK} } }
* { box-sizing: border-box; }
.panel, .launch { font: 16px/1.55 var(--erleah-font, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif); color: var(--ink); text-align: start; }
[hidden] { display: none !important; }
button, textarea, input { font: inherit; color: inherit; margin: 0; }
button { cursor: pointer; border: 0; background: none; padding: 0; text-align: start; }
button[aria-disabled="true"] { cursor: default; opacity: .6; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
svg { width: 1.25em; height: 1.25em; flex: none; fill: none; stroke: currentColor; stroke-width: 1.8; stroke-linecap: round; stroke-linejoin: round; }
a { color: var(--accent); text-underline-offset: .15em; overflow-wrap: anywhere; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.panel { display: flex; flex-direction: column; height: 100%; min-height: 0; background: var(--bg); position: relative; }
header { display: flex; align-items: center; gap: 4px; padding: 8px 8px 8px 18px; border-bottom: 1px solid var(--line); }
h2 { font-size: 16px; font-weight: 600; margin: 0; flex: 1; min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.tool { display: grid; place-items: center; width: 40px; height: 40px; border-radius: 9px; color: var(--soft); }
.tool:hover, .tool[aria-pressed="true"] { color: var(--accent); background: var(--tint); }
.log { flex: 1; overflow: auto; overscroll-behavior: contain; padding: 20px 18px; }
.log:focus-visible { outline-offset: -3px; }
.hello { max-width: 672px; min-height: 100%; margin: 0 auto; display: flex; flex-direction: column; justify-content: center; }
.hello p { margin: 0 0 20px; font-size: 24px; font-weight: 600; line-height: 1.3; font-family: var(--erleah-display-font, inherit); letter-spacing: -.01em; text-wrap: balance; }
.chips { display: flex; flex-wrap: wrap; gap: 8px; padding: 0; margin: 0; list-style: none; }
.chip { border: 1px solid var(--line); background: var(--raised); border-radius: 19px; padding: 6px 15px; font-size: 15px; line-height: 1.4; overflow-wrap: anywhere; }
.chip:hover { border-color: var(--accent); background: var(--tint); }
.turn { max-width: 672px; margin: 0 auto 32px; }
.question { width: fit-content; max-width: 88%; margin: 0 0 16px auto; padding: 9px 16px; background: var(--tint); border-radius: 18px 18px 5px 18px; white-space: pre-wrap; overflow-wrap: anywhere; }
.answer { overflow-wrap: anywhere; text-wrap: pretty; }
.answer > * { margin: 0 0 12px; }
.answer ul, .answer ol { padding-inline-start: 22px; }
.answer li { margin: 4px 0; }
.answer .heading { font-weight: 650; margin-block-end: 5px; }
.answer code { font: .9em ui-monospace, Menlo, Consolas, monospace; background: var(--tint); border-radius: .3em; padding: .1em .3em; }
.wait { display: flex; align-items: center; gap: 9px; color: var(--soft); margin: 0 0 12px; }
.wait i { width: 26px; height: 4px; border-radius: 2px; background: var(--accent); animation: breathe 1.4s ease-in-out infinite; }
@keyframes breathe { 50% { opacity: .25; transform: scaleX(.6); } }
.remark { color: var(--soft); font-size: 14px; margin: 0 0 12px; }
.error { border: 1px solid var(--bad); border-radius: 13px; padding: 11px 15px; margin: 0 0 12px; }
.error p { margin: 0 0 9px; }
.button { border: 1px solid var(--line); background: var(--raised); border-radius: 9px; padding: 5px 13px; font-size: 15px; }
.button:hover { border-color: var(--accent); }
h3 { font-size: 14px; font-weight: 600; color: var(--soft); margin: 16px 0 7px; }
.cards { list-style: none; margin: 0 0 8px; padding: 0; display: grid; gap: 6px; }
.card { border: 1px solid var(--line); background: var(--raised); border-radius: 11px; overflow: hidden; }
summary, .plain { display: flex; align-items: center; gap: 11px; padding: 8px 13px; line-height: 1.35; min-height: 44px; }
summary { cursor: pointer; list-style: none; }
summary::-webkit-details-marker { display: none; }
summary:hover { background: var(--tint); }
summary:focus-visible { outline-offset: -2px; border-radius: 11px; }
.card svg { color: var(--accent); }
.card bdi { flex: 1; min-width: 0; font-weight: 550; font-size: 15px; overflow-wrap: anywhere; }
.kind { color: var(--soft); font-size: 13px; }
.detail { padding: 6px 13px 12px 45px; font-size: 14px; }
.detail p { margin: 0 0 5px; white-space: pre-line; overflow-wrap: anywhere; }
.detail .facts { color: var(--soft); }
.foot { display: flex; align-items: center; gap: 2px; margin-inline-start: -9px; }
.comment { display: flex; flex-wrap: wrap; gap: 8px; margin-top: 6px; }
.comment input { flex: 1 1 192px; }
textarea, input { resize: none; border: 1px solid var(--line); border-radius: 13px; background: var(--raised); padding: 9px 13px; min-width: 0; }
::placeholder { color: var(--soft); opacity: 1; }
form.ask { display: flex; align-items: flex-end; gap: 8px; padding: 12px 18px 4px; width: 100%; max-width: 709px; margin: 0 auto; }
.ask textarea:focus-visible { outline-offset: -1px; }
.ask .tool { width: 45px; height: 45px; margin-inline-start: -8px; }
.ask textarea { flex: 1; max-height: 144px; border-radius: 21px; padding: 10px 17px; }
.go { display: grid; place-items: center; width: 45px; height: 45px; border-radius: 50%; background: var(--accent); color: var(--on-accent); flex: none; }
.go[data-does="stop"] svg { fill: currentColor; }
.go:hover { filter: brightness(1.12); }
.fine { text-align: center; color: var(--soft); font-size: 13px; margin: 0; padding: 3px 16px 11px; }
:host([data-mode="bubble"]) { position: fixed; inset: auto 20px 20px auto; z-index: 2147483000; }
:host([data-mode="bubble"]) .panel { position: fixed; inset: auto 20px 20px auto; width: min(408px, calc(100vw - 40px)); height: min(656px, calc(100dvh - 40px));
	border: 1px solid var(--line); border-radius: 17px; overflow: hidden; box-shadow: 0 19px 56px rgb(0 0 0 / .24); }
.launch { display: flex; align-items: center; gap: 9px; background: var(--accent); color: var(--on-accent); border-radius: 32px; padding: 13px 20px; font-weight: 600; line-height: 1.4; box-shadow: 0 6px 22px rgb(0 0 0 / .24); }
@media (max-width: 480px) { :host([data-mode="bubble"]) .panel { inset: 0; width: 100vw; width: 100%; height: 100dvh; border: 0; border-radius: 0; } }
@media (prefers-reduced-motion: reduce) { * { animation: none !important; scroll-behavior: auto !important; } }
@media (forced-colors: active) { .go, .launch, .chip, .card { border: 1px solid; } }
`;

/* When and where, in venue time: the zone of the conference, else the offset the record came with. */
function venue_time(text, zone, lang, day) {
	const local = /^(\d{4}-\d\d-\d\dT\d\d:\d\d)/.exec(text ?? "")?.[1];
	if (!local) return "";
	const format = { hour: "2-digit", minute: "2-digit", ...(day && { weekday: "long", day: "numeric", month: "long" }) };
	try {
		if (zone && /(Z|[+-]\d\d:?\d\d)$/.test(text)) return new Intl.DateTimeFormat(lang, { ...format, timeZone: zone }).format(new Date(text));
	} catch { /* a zone this browser does not know */ }
	return new Intl.DateTimeFormat(lang, { ...format, timeZone: "UTC" }).format(new Date(`${local}Z`));
}

class ErleahWidget extends HTMLElement {
	connectedCallback() {
		if (this.shadowRoot) return;
		const set = { ...script?.dataset, ...this.dataset };
		const base = (url, otherwise) => (url ? new URL(url, location.href).href.replace(/\/+$/, "") : otherwise);
		const api = base(set.api, script?.src ? new URL(script.src).origin : location.origin);
		const wished = set.lang ? [set.lang] : navigator.languages ?? [], short = (l) => l.slice(0, 2).toLowerCase();
		this.locale = [...wished, "en"].find((l) => WORDS[short(l)]); /* "de-AT": for dates */
		this.lang = short(this.locale);
		this.words = WORDS[this.lang];
		this.samples_list ??= this.words.samples;
		this.heading = set.title;
		this.bubble = set.mode !== "inline";
		this.dataset.mode = this.bubble ? "bubble" : "inline";
		if (set.theme) this.dataset.theme = set.theme;
		this.views = new Map();
		this.chat = new Chat({
			api, directus: base(set.directus, api), token: set.token || "", conference: set.conference || "",
			beat: Number(set.beatMs) || BEAT_MS, live: set.live,
		}, (turn) => this.draw(turn));
		this.build();
		this.chat.restore();
		this.chat.turns.forEach((turn) => this.draw(turn));
		if (this.bubble) this.toggle(this.chat.open, false);
		else this.introduce();
		for (const [target, event] of [[window, "online"], [document, "visibilitychange"]]) {
			target.addEventListener(event, () => this.chat.wake());
		}
	}

	/* For the page around: ask a question, offer other samples, read what was said. */
	ask(question) {
		const text = String(question).replace(/\0/g, "").trim();
		if (!text || this.chat.live) return false;
		if (this.bubble) this.toggle(true, false);
		this.chat.ask(text.slice(0, MAX_QUESTION));
		this.show_latest(true);
		return true;
	}
	open() { this.toggle(this.bubble); }
	close() { this.toggle(false); }
	conference() { return this.chat.about(); }
	records(collection, query) { return this.chat.records(collection, query); }
	get samples() { return this.samples_list; }
	set samples(list) {
		this.samples_list = list;
		if (this.hello) this.draw_hello();
	}
	get transcript() {
		return this.chat.turns.map(({ question, text, reply, phase, outcome, references }) => ({ question, text, reply, phase, outcome, references }));
	}

	build() {
		const t = this.words, root = this.attachShadow({ mode: "open" });
		try { /* not an inline style: a strict content policy allows it */
			const sheet = new CSSStyleSheet();
			sheet.replaceSync(STYLE);
			root.adoptedStyleSheets = [sheet];
		} catch {
			root.append(el("style", null, STYLE));
		}
		const tool = (name, label, onclick) => el("button", { type: "button", class: "tool", "aria-label": label, title: label, onclick }, icon(name));
		const top = this.bubble || this.heading;
		this.fresh = tool("fresh", t.fresh, () => this.start_over());
		this.box = el("textarea", { rows: 1, maxlength: MAX_QUESTION, "aria-label": t.place, placeholder: t.place, dir: "auto", enterkeyhint: "send" });
		this.go = el("button", { type: "submit", class: "go" });
		this.left = el("p", { class: "fine", hidden: true });
		this.status = el("p", { class: "unseen", role: "status" });
		this.name = el("h2", null, this.heading ?? t.title);
		this.hello = el("div", { class: "hello", part: "welcome" });
		this.list = el("div");
		this.log = el("div", { class: "log", role: "log", "aria-live": "off", "aria-label": t.log, tabindex: 0 }, this.hello, this.list);
		this.panel = el("section", { class: "panel", id: "panel", role: this.bubble ? "dialog" : "region", "aria-label": this.heading ?? t.title },
			top && el("header", null, this.name, this.fresh, this.bubble ? tool("close", t.close, () => this.close()) : null),
			this.log, this.status,
			el("form", { class: "ask", onsubmit: (e) => this.submit(e) }, top ? null : this.fresh, this.box, this.go),
			this.left, el("p", { class: "fine" }, t.note));
		root.append(this.panel);
		if (this.bubble) {
			this.launch = el("button", { type: "button", class: "launch", "aria-expanded": "false", "aria-controls": "panel", onclick: () => this.toggle(true) }, icon("chat"), t.open);
			root.append(this.launch);
		}
		this.box.addEventListener("input", () => this.fit());
		this.box.addEventListener("keydown", (e) => {
			if (e.key === "Enter" && !e.shiftKey && !e.isComposing) this.submit(e);
		});
		this.panel.addEventListener("keydown", (e) => this.escape(e));
		this.draw_hello();
		this.draw_go();
	}
	toggle(open, focus = true) {
		if (!this.bubble) return this.box.focus();
		this.panel.hidden = !open;
		this.launch.hidden = open;
		this.launch.setAttribute("aria-expanded", String(open));
		this.chat.open = open;
		this.chat.save();
		if (open) this.introduce();
		if (open) this.show_latest(true);
		if (focus) (open ? this.box : this.launch).focus();
	}
	/* The conference's name is the title, unless the page chose one. */
	async introduce() {
		if (this.heading) return;
		try {
			const { name } = await this.conference();
			if (!name) return;
			this.name.textContent = name;
			this.panel.setAttribute("aria-label", `${name}: ${this.words.title}`);
		} catch { /* the first question will say what is wrong */ }
	}
	escape(e) {
		if (e.key !== "Escape" || e.isComposing) return;
		const live = this.chat.live;
		if (live) this.chat.stop(live);
		else if (this.bubble) this.close();
		else return;
		e.stopPropagation();
	}
	submit(e) {
		e.preventDefault();
		const live = this.chat.live;
		if (live && e.type === "submit") return this.chat.stop(live);
		if (!this.ask(this.box.value)) return;
		this.box.value = "";
		this.fit();
	}
	start_over() {
		this.chat.start_over();
		this.views.clear();
		this.list.replaceChildren();
		this.draw_hello();
		this.draw_go();
		this.box.focus();
	}
	fit() {
		const free = MAX_QUESTION - this.box.value.length;
		this.box.style.height = "auto";
		this.box.style.height = `${this.box.scrollHeight + 2}px`;
		this.left.hidden = free > 200;
		this.left.textContent = this.words.left.replace("{n}", free);
	}
	/* Follows the text until its question is at the top: reading begins there, and scrolling is
	 * the visitor's from then on, as it is whenever they have scrolled themselves. */
	show_latest(force) {
		const root = this.list.lastElementChild, now = this.log.scrollTop;
		if (!root || (!force && this.placed !== now)) return;
		this.log.scrollTop = Math.min(root.offsetTop - this.log.offsetTop - 20, this.log.scrollHeight);
		this.placed = this.log.scrollTop;
	}

	chips(questions) {
		return el("ul", { class: "chips" }, ...questions.slice(0, 8).map((q) => el("li", null,
			el("button", { type: "button", class: "chip", dir: "auto", onclick: () => this.ask(q) && this.box.focus() }, q))));
	}
	draw_hello() {
		this.fresh.hidden = !this.chat.turns.length;
		this.hello.hidden = !this.fresh.hidden;
		const samples = this.chips(this.samples_list);
		samples.setAttribute("part", "samples");
		this.hello.replaceChildren(el("p", null, this.words.hello), samples);
	}
	draw_go() {
		this.dispatchEvent(new CustomEvent("erleah-change", { detail: { turns: this.chat.turns.length, live: !!this.chat.live } }));
		const name = this.chat.live ? "stop" : "send";
		if (this.go.dataset.does === name) return;
		this.go.dataset.does = name;
		this.go.replaceChildren(icon(name));
		this.go.setAttribute("aria-label", this.words[name]);
		this.go.title = this.words[name];
	}
	draw(turn) {
		if (!this.chat.turns.includes(turn)) return; /* of a conversation that was put away */
		const view = this.views.get(turn) ?? this.add(turn), live = turn === this.chat.live;
		this.fresh.hidden = false;
		this.hello.hidden = true;
		draw_text(view.answer, turn.text);
		view.wait.hidden = !live;
		view.wait.lastChild.textContent = turn.text ? "" : this.words.looking;
		const state = `${turn.phase} ${turn.failure?.at} ${turn.references.length} ${turn.outcome}`;
		if (state !== view.state) {
			clearInterval(view.timer);
			view.rest.replaceChildren();
			if (turn.phase === "done") view.rest.append(...this.ending(turn));
			if (turn.phase === "failed") view.rest.append(this.trouble(turn, view));
			if (view.state || live) this.announce(turn);
			view.state = state;
			for (const [other, { next }] of this.views) if (next && other !== this.chat.turns.at(-1)) next.hidden = true;
		}
		this.draw_go();
		this.show_latest();
	}
	add(turn) {
		const view = {
			answer: el("div", { class: "answer" }), rest: el("div"),
			wait: el("p", { class: "wait" }, el("i"), el("span")),
		};
		view.root = el("article", { class: "turn" },
			el("p", { class: "question", dir: "auto" }, el("span", { class: "unseen" }, `${this.words.you} `), turn.question),
			view.answer, view.wait, view.rest);
		this.views.set(turn, view);
		this.list.append(view.root);
		return view;
	}
	/* Read out once when it starts and once, whole, when it is there: not word by word. */
	announce(turn) {
		const view = this.views.get(turn);
		if (turn.phase === "sending") this.status.textContent = this.words.looking;
		if (turn.phase === "done" && !view.said) {
			view.said = true;
			this.status.textContent = view.answer.textContent || this.words.stopped;
		}
	}

	ending(turn) {
		const t = this.words, parts = [], remark = (text) => parts.push(el("p", { class: "remark" }, text));
		if (t[turn.outcome]) remark(t[turn.outcome]); /* stopped, partial, failed */
		if (turn.mode === "basic") remark(t.basic);
		const references = turn.references.filter((r) => r?.name);
		if (references.length) parts.push(el("h3", null, t.sources), this.cards(references));
		if (turn.reply) parts.push(this.feedback(turn));
		const suggestions = turn.suggestions.map((s) => s?.text ?? s).filter((s) => typeof s === "string" && s.trim());
		const view = this.views.get(turn);
		if (suggestions.length) parts.push(view.next = el("div", null, el("h3", null, t.suggest), this.chips(suggestions)));
		return parts;
	}
	cards(references) {
		const list = el("ul", { class: "cards" }, ...references.map((r, i) => el("li", { hidden: i >= MAX_CARDS }, this.card(r))));
		if (references.length <= MAX_CARDS) return list;
		const more = el("button", { type: "button", class: "button", onclick: () => {
			list.querySelectorAll("[hidden]").forEach((li) => { li.hidden = false; });
			list.children[MAX_CARDS].querySelector("summary")?.focus();
			more.remove();
		} }, this.words.more.replace("{n}", references.length));
		return el("div", null, list, more);
	}
	card(reference) {
		const { type, name } = reference;
		const label = [icon(type), el("bdi", null, String(name)), el("span", { class: "kind" }, this.words[type] ?? "")];
		if (!["session", "speaker", "exhibitor"].includes(type) || !reference.id) return el("div", { class: "card plain" }, ...label);
		const detail = el("div", { class: "detail", dir: "auto" });
		return el("details", { class: "card", ontoggle: () => this.fill(detail, reference) }, el("summary", null, ...label), detail);
	}
	async fill(box, reference) {
		if (box.hasChildNodes()) return;
		box.append("…");
		let nodes = [];
		try {
			const [row, about] = await Promise.all([this.chat.records(`${reference.type}s/${encodeURIComponent(reference.id)}`), this.conference().catch(() => ({}))]);
			const time = (text, day) => venue_time(text, about.timezone, this.locale, day);
			const when = [time(row.start_time, true), time(row.end_time)].filter(Boolean).join("–");
			const facts = [when && about.timezone ? `${when} (${about.timezone})` : when, row.location, row.track,
				row.booth_number && `${this.words.booth} ${row.booth_number}`, row.category, row.title !== reference.name && row.title, row.company];
			const prose = String(row.description ?? row.bio ?? "").trim(), url = safe_url(row.url ?? row.website);
			nodes = [
				el("p", { class: "facts" }, facts.filter((f) => typeof f === "string" && f).join(" · ")),
				el("p", null, prose.length > 320 ? `${prose.slice(0, 300).replace(/\s+\S*$/, "")} …` : prose),
				url && el("p", null, link(url, this.words.site)),
			].filter((n) => n?.textContent);
		} catch { /* said below */ }
		box.replaceChildren(...(nodes.length ? nodes : [el("p", null, this.words.none)]));
		this.show_latest();
	}
	feedback(turn) {
		const t = this.words, thanks = el("span", { class: "remark", role: "status" }), more = el("div");
		const send = (rating, comment) => this.chat.rate(turn, rating, comment).then(() => { thanks.textContent = t.thanks; }, () => { thanks.textContent = t.eX; });
		const thumb = (rating) => el("button", {
			type: "button", class: "tool", "aria-label": t[rating], title: t[rating], "aria-pressed": String(turn.rating === rating),
			onclick: () => {
				send(rating);
				for (const b of [up, down]) b.setAttribute("aria-pressed", String(b === (rating === "up" ? up : down)));
				more.replaceChildren(...(rating === "down" ? [this.comment(send)] : []));
				more.querySelector("input")?.focus();
			},
		}, icon(rating));
		const up = thumb("up"), down = thumb("down");
		return el("div", null, el("div", { class: "foot" }, up, down, thanks), more);
	}
	comment(send) {
		const t = this.words, box = el("input", { maxlength: 1000, placeholder: t.why, "aria-label": t.why, dir: "auto" });
		const form = el("form", { class: "comment", onsubmit: (e) => {
			e.preventDefault();
			if (box.value.trim()) send("down", box.value.trim());
			form.remove();
			this.box.focus();
		} }, box, el("button", { class: "button" }, t.send));
		return form;
	}
	trouble(turn, view) {
		const t = this.words, { status, retryAfter, at } = turn.failure;
		const edit = status === 422 || status === 413;
		const sentence = t[`e${edit ? 422 : [502, 504].includes(status) ? 503 : status}`] ?? t.eX;
		const button = el("button", { type: "button", class: "button", onclick: () => {
			if (button.getAttribute("aria-disabled") === "true" || this.chat.live) return;
			this.box.focus();
			if (edit) {
				this.box.value = turn.question;
				this.fit();
			} else {
				this.chat.retry(turn);
			}
		} });
		const tick = () => {
			const left = Math.ceil(((at ?? 0) + retryAfter * 1000 - Date.now()) / 1000);
			button.setAttribute("aria-disabled", String(left > 0));
			button.textContent = left > 0 ? t.wait.replace("{n}", left) : edit ? t.edit : t.retry;
			if (left <= 0) clearInterval(view.timer);
		};
		view.timer = setInterval(tick, 1000);
		tick();
		return el("div", { class: "error", role: "alert" }, el("p", null, sentence), button);
	}
}

customElements.define("erleah-widget", ErleahWidget);

/* One script tag is enough: without an element of ours in the page, make one. */
function mount() {
	if (document.querySelector("erleah-widget")) return;
	const place = script?.dataset.target && document.querySelector(script.dataset.target);
	(place || document.body).append(document.createElement("erleah-widget"));
}
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", mount);
else mount();
})();
