/*
 * page.js: fills the page around the widget with the conference it is for, and makes sample
 * questions from that conference's own records. Without records the general ones stay.
 */
(async () => {
"use strict";

const WORDS = {
	en: {
		page: "assistant", worth: "Worth asking", site: "Website",
		track: "Which sessions are about {}?", session: "When and where is “{}”?", speaker: "What does {} speak about?",
		exhibitor: "Where do I find {}?", now: "What is on tomorrow morning?",
		info: [[/wi-?fi|internet/, "Is there Wi-Fi?"], [/food|lunch|cater/, "Where can I get lunch?"],
			[/transport|travel|arriv|direction/, "How do I get to the venue?"], [/access/, "Is the venue accessible by wheelchair?"]],
	},
	de: {
		page: "Assistent", worth: "Fragenswert", site: "Website",
		track: "Welche Vorträge gibt es zu {}?", session: "Wann und wo ist „{}“?", speaker: "Worüber spricht {}?",
		exhibitor: "Wo finde ich {}?", now: "Was gibt es morgen Vormittag?",
		info: [[/wi-?fi|internet/, "Gibt es WLAN?"], [/food|lunch|cater/, "Wo gibt es Mittagessen?"],
			[/transport|travel|arriv|direction/, "Wie komme ich zum Veranstaltungsort?"], [/access/, "Ist der Ort rollstuhlgerecht?"]],
	},
	fr: {
		page: "assistant", worth: "Quelques idées", site: "Site web",
		track: "Quelles sessions parlent de {} ?", session: "Quand et où a lieu « {} » ?", speaker: "De quoi parle {} ?",
		exhibitor: "Où trouver {} ?", now: "Qu’y a-t-il demain matin ?",
		info: [[/wi-?fi|internet/, "Y a-t-il du Wi-Fi ?"], [/food|lunch|cater/, "Où déjeuner ?"],
			[/transport|travel|arriv|direction/, "Comment venir sur place ?"], [/access/, "Le lieu est-il accessible en fauteuil roulant ?"]],
	},
	es: {
		page: "asistente", worth: "Para preguntar", site: "Sitio web",
		track: "¿Qué sesiones tratan de {}?", session: "¿Cuándo y dónde es «{}»?", speaker: "¿De qué habla {}?",
		exhibitor: "¿Dónde encuentro {}?", now: "¿Qué hay mañana por la mañana?",
		info: [[/wi-?fi|internet/, "¿Hay wifi?"], [/food|lunch|cater/, "¿Dónde se puede comer?"],
			[/transport|travel|arriv|direction/, "¿Cómo se llega al recinto?"], [/access/, "¿Es accesible en silla de ruedas?"]],
	},
};

await customElements.whenDefined("erleah-widget");
const widget = document.querySelector("erleah-widget"), $ = (id) => document.getElementById(id);
const { lang, locale } = widget, t = WORDS[lang];
document.documentElement.lang = lang;
$("questions-title").textContent = t.worth;

function offer(questions) {
	widget.samples = questions;
	$("questions").querySelector("ul").replaceChildren(...questions.map((question) => {
		const button = document.createElement("button"), item = document.createElement("li");
		button.type = "button";
		button.dir = "auto";
		button.textContent = question;
		button.addEventListener("click", () => widget.ask(question));
		item.append(button);
		return item;
	}));
}

/* "31 January – 1 February 2026", in the page's language. */
function date_range(start, end) {
	const day = (text) => new Date(`${String(text).slice(0, 10)}T00:00:00Z`);
	const format = new Intl.DateTimeFormat(locale, { dateStyle: "long", timeZone: "UTC" });
	try {
		return end ? format.formatRange(day(start), day(end)) : format.format(day(start));
	} catch {
		return "";
	}
}

/* The first paragraph that says something, as one line. */
function first_words(text) {
	return String(text ?? "").split(/\n\s*\n/).map((p) => p.replace(/\s+/g, " ").trim()).find((p) => p.length > 40) ?? "";
}

function show(conference) {
	const { name, start_date, end_date, venue, city, description, website } = conference;
	if (name) {
		$("name").textContent = name;
		document.title = `${name} · ${t.page}`;
	}
	$("dates").textContent = start_date ? date_range(start_date, end_date) : "";
	$("place").textContent = [venue, city].filter((p, i, all) => p && all.indexOf(p) === i).join(", ");
	$("about").textContent = first_words(description);
	if (/^https?:\/\//.test(website ?? "")) {
		const link = document.createElement("a");
		Object.assign(link, { href: website, rel: "noopener", textContent: new URL(website).host.replace(/^www\./, "") });
		$("site").replaceChildren(link);
	}
}

const any = (list) => list[Math.floor(Math.random() * list.length)];
const short = (name) => typeof name === "string" && name.length >= 4 && name.length <= 48;

async function questions(conference) {
	const records = async (collection, ...fields) => {
		try {
			return await widget.records(collection, { "filter[conference_id][_eq]": conference.id, fields: fields.join(), limit: 60 });
		} catch {
			return [];
		}
	};
	const [sessions, speakers, exhibitors] = await Promise.all([
		records("sessions", "title", "track"), records("speakers", "name"), records("exhibitors", "name", "booth_number"),
	]);
	const picks = [
		["track", any(sessions.map((s) => s.track).filter(short))], ["session", any(sessions.map((s) => s.title).filter(short))],
		["speaker", any(speakers.map((s) => s.name).filter((n) => short(n) && n.includes(" ")))],
		["exhibitor", any(exhibitors.filter((e) => e.booth_number).map((e) => e.name).filter(short))],
	].filter(([, name]) => name).map(([kind, name]) => t[kind].replace("{}", () => name));
	if (!picks.length) return null;
	const keys = Object.keys(conference.info ?? {}).join(" ").toLowerCase();
	return [...picks, t.now, ...t.info.filter(([pattern]) => pattern.test(keys)).map(([, question]) => question).slice(0, 2)];
}

/* The widget shows the samples itself until the first question; from then on they stand here. */
const beside = () => { $("questions").hidden = !widget.transcript.length; };
widget.addEventListener("erleah-change", beside);
beside();
offer(widget.samples);
try {
	const conference = await widget.conference();
	show(conference);
	offer((await questions(conference)) ?? widget.samples);
} catch { /* the widget says what is wrong when it is asked */ }
})();
