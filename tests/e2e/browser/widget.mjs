/* widget.mjs: checks of the widget and its page alone; the backend is a double that misbehaves on demand. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { sleep, until } from "./chromium.mjs";
import { ANSWER, Backend, CONFERENCE } from "./fake-backend.mjs";
import { ask as put, contrasts, done, failed, last, unnamed, with_site } from "./steps.mjs";

const QUESTION = "What is on about automation?";
const ask = (page, text = QUESTION) => put(page, text);

/* Runs one check with a backend and a page of its own; a page error fails it. */
async function with_page(browser, options, work) {
	const backend = await new Backend().start();
	const page = await browser.page(options);
	try {
		if (!options.blank) await page.goto(`${backend.url}/`);
		await work(page, backend);
		assert.deepEqual(page.errors, [], "errors in the page");
	} finally {
		await page.close();
		await backend.stop();
	}
}

export function widget_checks() {
	return {
		"words arrive before the end, and the end is the row's text": (b) => with_page(b, {}, async (page, backend) => {
			await ask(page);
			const seen = new Set();
			for (const end = Date.now() + 15000; !(await page.run(done)) && Date.now() < end; ) {
				seen.add((await page.run(() => find(".answer")?.textContent ?? "")).length);
				await sleep(40);
			}
			assert.ok(seen.size >= 5, `the text grew in ${seen.size} steps`);
			const { text, reply } = await page.run(last);
			assert.equal(text, backend.rows.messages.get(reply).messageText);
			assert.equal(text, ANSWER.text);
			assert.equal(await page.run(() => find(".answer").innerText.replace(/\s+/g, " ").trim()),
				ANSWER.text.replace(/\*\*|\*|^- /gm, "").replace(/\[(.*?)\]\(.*?\)/g, "$1").replace(/\s+/g, " "));
			assert.ok(backend.count("GET", "/items/messages") <= 1, "no polls while the WebSocket delivers, but for the one after init");
		}),
		"rows are what the contract says": (b) => with_page(b, {}, async (page, backend) => {
			await ask(page);
			await page.until(done, "the answer");
			const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
			const [conversation] = backend.calls.filter((c) => c.method === "POST" && c.path === "/items/conversations");
			assert.match(conversation.body.id, uuid);
			assert.deepEqual(conversation.body, { id: conversation.body.id, conference_id: CONFERENCE.id, source: "mini", user_created: "public-user", status: "active" });
			const [message] = backend.calls.filter((c) => c.method === "POST" && c.path === "/items/messages");
			assert.deepEqual(message.body, { id: message.body.id, conversation_id: conversation.body.id, role: "user", messageText: QUESTION, user_created: "public-user", status: "completed" });
			const [chat] = backend.calls.filter((c) => c.path === "/api/chat");
			assert.deepEqual(chat.body, { conversation_id: conversation.body.id, message_id: message.body.id, conference_id: CONFERENCE.id });
			await ask(page, "And tomorrow?");
			await page.until(() => document.querySelector("erleah-widget").transcript.length === 2, "a second turn");
			await page.until(done, "the second answer");
			assert.equal(backend.count("POST", "/items/conversations"), 1, "one conversation for both questions");
		}),
		"references are cards that open, suggestions are buttons that ask": (b) => with_page(b, {}, async (page, backend) => {
			await ask(page);
			await page.until(() => find(".cards"), "the cards");
			assert.deepEqual(await page.run(() => [...find(".cards").querySelectorAll("bdi")].map((n) => n.textContent)), ANSWER.references.map((r) => r.name));
			await page.click("details.card summary");
			const detail = await page.until(() => find("details[open] .facts")?.textContent, "the details");
			assert.match(detail, /Thursday/);
			assert.match(detail, /10:30–11:15 \(Europe\/Amsterdam\)/);
			assert.match(detail, /Quay Room/);
			assert.equal(await page.run(() => find(".card.plain summary")), null, "a general page has nothing to open");
			await page.click(".turn .chip");
			await page.until(() => document.querySelector("erleah-widget").transcript.length === 2, "the suggestion as a question");
			assert.equal((await page.run(last)).question, ANSWER.suggestions[0]);
			await page.until(done, "its answer");
			assert.equal(backend.count("POST", "/api/chat"), 2);
		}),
		"a reload in mid-answer ends on exactly the same text": (b) => with_page(b, {}, async (page, backend) => {
			await ask(page);
			await page.until(() => find(".answer")?.textContent.length > 60, "half an answer");
			assert.equal(await page.run(done), false, "still in mid-answer");
			await page.reload();
			assert.equal(await page.until(() => find(".question")?.textContent, "the question"), `You asked: ${QUESTION}`);
			await page.until(done, "the answer");
			assert.equal((await page.run(last)).text, ANSWER.text);
			assert.equal(backend.count("POST", "/api/chat"), 1, "asked once");
			assert.equal(await page.run(() => find(".cards").children.length), 4);
			await page.reload();
			assert.equal((await page.until(last, "the turn")).text, ANSWER.text, "and it stays after another");
		}),
		"a reload before the question was accepted still asks it once": (b) => with_page(b, {}, async (page, backend) => {
			await page.intercept("/api/chat", "POST", async () => new Promise(() => {}));
			await ask(page);
			await page.until(() => document.querySelector("erleah-widget").transcript.at(-1)?.phase === "sending", "sending");
			await until(() => backend.rows.messages.size, "the row");
			page.rules = [];
			await page.reload();
			await page.until(done, "the answer");
			assert.equal(backend.rows.messages.size, 2, "one question, one answer");
			assert.equal(backend.rows.conversations.size, 1);
		}),
		"rows that were made, though their answers were lost, are no error": (b) => with_page(b, {}, async (page, backend) => {
			let lost = 0;
			await page.intercept("/items/", "POST", async ({ url, postData }) => {
				if (lost === 2 || backend.count("POST", new URL(url).pathname)) return null;
				lost++;
				await fetch(url, { method: "POST", body: postData });
				return { status: 503, body: "" };
			});
			await ask(page);
			await page.until(done, "the answer");
			assert.equal(lost, 2, "both answers were lost");
			assert.equal((await page.run(last)).text, ANSWER.text);
			assert.deepEqual([backend.rows.conversations.size, backend.rows.messages.size], [1, 2]);
		}),
		"stop keeps the partial text and says so": (b) => with_page(b, {}, async (page, backend) => {
			await ask(page);
			await page.until(() => find(".answer")?.textContent.length > 40, "some words");
			await page.click(".go");
			await page.until(done, "the end");
			const { text, outcome, reply } = await page.run(last);
			assert.equal(outcome, "stopped");
			assert.ok(text.length > 30 && text.length < ANSWER.text.length && ANSWER.text.startsWith(text), "a part of the answer");
			assert.equal(text, backend.rows.messages.get(reply).messageText);
			assert.equal(backend.calls.filter((c) => c.path.endsWith("/stop")).length, 1);
			assert.match(await page.run(() => find(".remark").textContent), /Stopped/);
			assert.equal(await page.run(() => find(".go").getAttribute("aria-label")), "Send");
		}),
		"the keyboard is enough": (b) => with_page(b, {}, async (page, backend) => {
			await page.until(() => find("form.ask"), "the widget");
			const focused = () => document.activeElement?.shadowRoot?.activeElement?.localName;
			for (let i = 0; i < 40 && (await page.run(focused)) !== "textarea"; i++) await page.key("Tab");
			assert.equal(await page.run(focused), "textarea", "Tab reaches the question box");
			await page.type("first line");
			await page.key("Enter", 8);
			await page.type("second line");
			assert.equal(await page.run(() => find("textarea").value), "first line\nsecond line", "Shift+Enter is a new line");
			await page.key("Enter");
			await page.until(() => find(".answer")?.textContent.length > 20, "words");
			await page.key("Escape");
			await page.until(done, "the end");
			assert.equal((await page.run(last)).outcome, "stopped", "Escape stops");
			assert.equal(await page.run(focused), "textarea", "focus stays in the box");
			backend.script = { ...ANSWER, word_ms: 2 };
			await page.type("once more");
			await page.key("Enter");
			await page.until(() => document.querySelector("erleah-widget").transcript.length === 2, "a second turn");
			await page.until(done, "the second answer");
			await page.until(() => find(".cards"), "cards");
			let order = [];
			for (let i = 0; i < 14; i++) {
				await page.key("Tab", 8);
				order.push(await page.run(() => { const a = document.activeElement?.shadowRoot?.activeElement; return a?.className || a?.localName; }));
			}
			order = order.join(" ");
			assert.match(order, /chip.*chip.*tool.*tool.*(summary|card)/, `backwards: suggestions, thumbs, cards: ${order}`);
		}),
		"errors are clear, and trying again uses the same message": async (b) => {
			for (const [status, headers, sentence] of [[429, { "Retry-After": "2" }, /short time/], [503, { "Retry-After": "1" }, /busy/], [404, {}, /no longer known/], [500, {}, /went wrong/]]) {
				await with_page(b, {}, async (page, backend) => {
					backend.refuse = { status, headers, times: status === 429 || status === 404 ? 1 : 3, body: { success: false, error: "secret detail" } };
					await ask(page);
					await page.until(failed, `an error for ${status}`);
					assert.match(await page.run(() => find(".error p").textContent), sentence);
					assert.equal(await page.run(() => find(".error").getAttribute("role")), "alert");
					assert.doesNotMatch(await page.run(() => find(".log").textContent), /secret/);
					if (status === 429) {
						assert.match(await page.run(() => find(".error button").textContent), /in [12] s/);
						await page.click(".error button");
						assert.equal(await page.run(failed), true, "not before the time is over");
					}
					await page.until(() => find(".error button").getAttribute("aria-disabled") === "false", "the button", 5000);
					await page.click(".error button");
					await page.until(done, "the answer");
					assert.equal((await page.run(last)).text, ANSWER.text);
					const ids = new Set(backend.calls.filter((c) => c.path === "/api/chat").map((c) => c.body.message_id));
					assert.equal(ids.size, 1, "one message id in all attempts");
				});
			}
		},
		"a question that is refused can be edited": (b) => with_page(b, {}, async (page, backend) => {
			backend.refuse = { status: 422, times: 1, body: { success: false, error: "messageText is longer than 2,000 characters" } };
			await ask(page);
			await page.until(failed, "an error");
			assert.match(await page.run(() => find(".error p").textContent), /2,000 characters/);
			await page.click(".error button");
			assert.equal(await page.run(() => find("textarea").value), QUESTION);
			await page.run(() => { find("textarea").value = ""; });
			await page.click("textarea");
			await page.type("x".repeat(2500));
			assert.equal(await page.run(() => find("textarea").value.length), 2000, "no longer question can be written");
			assert.equal(await page.run(() => find(".fine:not([hidden])").textContent), "0 characters left");
		}),
		"without WebSocket, polling brings the same": (b) => with_page(b, {}, async (page, backend) => {
			backend.websocket = "off";
			backend.script = { ...ANSWER, word_ms: 60 };
			await ask(page);
			await page.until(() => find(".answer")?.textContent.length > 10, "words by polling");
			assert.equal(await page.run(done), false, "words before the end");
			await page.until(done, "the end", 30000);
			assert.equal((await page.run(last)).text, ANSWER.text);
			assert.ok(backend.count("GET", "/items/messages/") >= 2);
		}),
		"without WebSocket and rows, the assistant is asked itself": (b) => with_page(b, {}, async (page, backend) => {
			backend.websocket = "off";
			await page.intercept("/items/messages/", "GET", () => ({ status: 403, body: "{}" }));
			await ask(page);
			await page.until(done, "the end", 30000);
			assert.equal((await page.run(last)).text, ANSWER.text);
			assert.ok(backend.count("GET", "/api/chat/") >= 1);
		}),
		"a link that went silent is replaced": (b) => with_page(b, { blank: true }, (page, backend) =>
			with_site({ src: `${backend.url}/erleah-widget.js`, more: 'data-beat-ms="400"' }, async (url) => {
				const hold = { now: false };
				backend.script = { ...ANSWER, hold };
				await page.goto(url);
				await page.click(".launch");
				await ask(page);
				await page.until(() => find(".answer")?.textContent.length > 40, "some words");
				hold.now = true;
				await page.intercept("/items/messages/", "GET", () => ({ status: 503, body: "{}" }));
				await page.intercept("/api/chat/", "GET", () => ({ status: 503, body: "{}" }));
				const before = backend.sockets.size;
				backend.freeze();
				const subscribed = backend.count("WS", "subscribe");
				await until(() => backend.count("WS", "subscribe") > subscribed, "a new subscription");
				hold.now = false;
				await page.until(done, "the end");
				assert.equal(before, 1);
				assert.equal((await page.run(last)).text, ANSWER.text, "the new link alone brought the text");
			})),
		"an end that the WebSocket hides is found": (b) => with_page(b, { blank: true }, (page, backend) =>
			with_site({ src: `${backend.url}/erleah-widget.js`, more: 'data-beat-ms="400" data-mode="inline"' }, async (url) => {
				backend.websocket = "hide_end";
				await page.goto(url);
				await ask(page);
				await page.until(done, "the end");
				assert.equal((await page.run(last)).text, ANSWER.text);
			})),
		"an end between init and subscription is found at once": (b) => with_page(b, {}, async (page, backend) => {
			backend.websocket = "gap";
			backend.script = { ...ANSWER, word_ms: 0 };
			await ask(page);
			await page.until(done, "the end", 4000);
			assert.equal((await page.run(last)).text, ANSWER.text);
		}),
		"the assistant's event stream brings the same": (b) => with_page(b, { blank: true }, (page, backend) =>
			with_site({ src: `${backend.url}/erleah-widget.js`, more: 'data-mode="inline" data-live="events"' }, async (url) => {
				await page.goto(url);
				await ask(page);
				await page.until(() => find(".answer")?.textContent.length > 40, "some words");
				assert.equal(backend.count("GET", "/items/messages"), 0, "they came with the stream");
				backend.cut();
				await page.reload();
				await page.until(() => find(".answer")?.textContent.length > 60, "more words");
				await page.until(done, "the end");
				assert.equal((await page.run(last)).text, ANSWER.text);
				assert.equal(await page.run(() => find(".cards").children.length), 4);
				assert.equal(backend.count("WS", ""), 0, "no WebSocket");
			})),
		"a token is shown to Directus in the handshake": (b) => with_page(b, { blank: true }, (page, backend) =>
			with_site({ src: `${backend.url}/erleah-widget.js`, more: 'data-token="public-token"' }, async (url) => {
				backend.token = "public-token";
				await page.goto(url);
				await page.click(".launch");
				await ask(page);
				await page.until(done, "the end");
				assert.equal(backend.count("WS", "auth"), 1);
				assert.ok(backend.count("GET", "/items/messages") <= 1, "the WebSocket delivered");
			})),
		"hostile text stays text": (b) => with_page(b, {}, async (page, backend) => {
			const text = "<img src=x onerror=\"window.hit=1\"> <script>window.hit=2</script>\n\n[click](javascript:window.hit=3) [data](data:text/html,x) " +
				"[quote](https://a.example/\"onmouseover=\"window.hit=4) [user](https://bank.example@evil.example/)\n\n- **<b onclick=window.hit=5>x</b>**\n- [fine](https://ok.example/p)\n\n" +
				"`<svg/onload=window.hit=6>` https://ok.example/<script> &lt;b&gt; \u202Eevil";
			backend.script = { text, word_ms: 2, references: [{ type: "<img>", id: "1", name: "<img src=x onerror=window.hit=7>" }, { type: "session", id: "../../x?y=", name: "\"><script>window.hit=8</script>" }], suggestions: ["<i>hm</i>", { a: 1 }] };
			await ask(page, "<img src=x onerror=window.hit=9>");
			await page.until(() => find(".cards"), "the answer");
			await page.click("details.card summary");
			await page.until(() => find("details[open] .detail").textContent.length > 1, "the details");
			const found = await page.run(() => {
				const log = find(".log");
				return {
					hit: window.hit, strange: [...log.querySelectorAll("img, script, b, i:not(.wait i), [onclick], [onerror], svg[onload]")].map((n) => n.outerHTML),
					links: [...log.querySelectorAll("a")].map((a) => [a.href, a.rel, a.target]), shown: log.textContent,
				};
			});
			assert.equal(found.hit, undefined);
			assert.deepEqual(found.strange, []);
			assert.ok(found.links.length >= 2, "proper links are links");
			for (const [href, rel, target] of found.links) {
				assert.match(href, /^https:\/\/(ok|a)\.example\//);
				assert.match(rel, /noopener/);
				assert.equal(target, "_blank");
			}
			for (const piece of ["<img src=x onerror=\"window.hit=1\">", "javascript:window.hit=3", "<script>window.hit=2</script>", "&lt;b&gt;"]) assert.ok(found.shown.includes(piece), `shown as it is: ${piece}`);
			assert.equal((await page.run(last)).text, text.trimEnd());
		}),
		"controls are named, contrast is enough, announcements are few": async (b) => {
			for (const dark of [false, true]) {
				await with_page(b, { dark }, async (page) => {
					await page.until(() => find(".chip"), "the samples");
					await page.run(() => {
						window.said = [];
						new MutationObserver(() => window.said.push(find("[role=status].unseen").textContent)).observe(find("[role=status].unseen"), { childList: true, characterData: true, subtree: true });
					});
					assert.deepEqual(await unnamed(page), []);
					assert.deepEqual(await page.run(contrasts), []);
					await ask(page);
					await page.until(() => find(".cards"), "the answer");
					assert.deepEqual(await unnamed(page), []);
					assert.deepEqual(await page.run(contrasts), []);
					const said = await page.run(() => window.said);
					assert.equal(said.length, 2, `once at the start, once at the end: ${JSON.stringify(said)}`);
					assert.match(said[1], /two sessions about automation/);
					assert.equal(await page.run(() => find(".log").getAttribute("aria-live")), "off");
					assert.equal(await page.run(() => new Set([...document.querySelector("erleah-widget").shadowRoot.querySelectorAll("[id]")].map((n) => n.id)).size), 1);
				});
			}
		},
		"nothing sticks out at 360 and 320 pixels": async (b) => {
			for (const width of [360, 320]) {
				await with_page(b, { width, height: 640, touch: true }, async (page, backend) => {
					backend.script = { ...ANSWER, text: `${ANSWER.text}\n\n${"unbreakable".repeat(30)} https://example.org/${"long/".repeat(40)}` };
					await ask(page, `${"w".repeat(200)} ${QUESTION}`);
					await page.until(() => find(".cards"), "the answer");
					await page.click("details.card summary");
					await page.until(() => find("details[open] .facts"), "the details");
					const wide = await page.run(() => [document.documentElement, find(".log"), find(".panel")].map((n) => n.scrollWidth - n.clientWidth));
					assert.deepEqual(wide, [0, 0, 0]);
					const box = await page.run(() => { const r = find("form.ask textarea").getBoundingClientRect(); return r.bottom <= innerHeight && r.left >= 0 && r.right <= innerWidth; });
					assert.ok(box, "the question box is on the screen");
				});
			}
		},
		"as a bubble on another origin, whatever the page's styles": (b) => with_page(b, { blank: true }, (page, backend) =>
			with_site({ src: `${backend.url}/erleah-widget.js` }, async (url) => {
				await page.goto(url);
				await page.until(() => find(".launch"), "the launcher");
				assert.equal(await page.run(() => find(".panel").checkVisibility()), false);
				assert.equal(backend.calls.filter((c) => c.path !== "/erleah-widget.js").length, 0, "closed, it asks for nothing");
				await page.click(".launch");
				const active = () => document.activeElement?.shadowRoot?.activeElement?.localName;
				assert.equal(await page.run(active), "textarea", "focus goes into the panel");
				await page.until(() => find("h2").textContent.includes("Harbour"), "the conference's name");
				await page.type(QUESTION);
				await page.key("Enter");
				await page.until(done, "the answer");
				assert.equal((await page.run(last)).text, ANSWER.text);
				assert.ok(backend.calls.every((c) => !c.origin || c.origin === new URL(url).origin) && backend.calls.some((c) => c.origin), "the requests crossed origins");
				assert.deepEqual(await page.run(() => { const s = getComputedStyle(find(".answer p")); return [s.fontSize, s.display, s.backgroundColor]; }), ["16px", "block", "rgba(0, 0, 0, 0)"]);
				await page.key("Escape");
				assert.equal(await page.run(() => find(".panel").checkVisibility()), false, "Escape closes");
				assert.equal(await page.run(() => document.activeElement.shadowRoot.activeElement.className), "launch", "focus goes back");
				await page.click(".launch");
				await page.reload();
				assert.equal(await page.until(() => find(".panel").checkVisibility() && find(".answer").textContent.length > 100, "the open panel"), true);
			})),
		"feedback goes with its comment": (b) => with_page(b, {}, async (page, backend) => {
			await ask(page);
			await page.until(() => find(".foot"), "the thumbs");
			await page.click('.foot [aria-label="Helpful"]');
			await page.click('.foot [aria-label="Not helpful"]');
			await page.type("no room numbers");
			await page.key("Enter");
			await until(() => backend.feedback.length === 3, "three votes");
			const { reply } = await page.run(last);
			assert.deepEqual(backend.feedback.map(({ id, rating, comment }) => [id === reply, rating, comment?.trim()]), [[true, "up", undefined], [true, "down", undefined], [true, "down", "no room numbers"]]);
			assert.equal(await page.run(() => find('.foot [aria-label="Not helpful"]').getAttribute("aria-pressed")), "true");
		}),
		"a new conversation starts empty, even in mid-answer": (b) => with_page(b, {}, async (page, backend) => {
			await ask(page);
			await page.until(() => find(".answer")?.textContent.length > 20, "words");
			await page.click('[aria-label="New conversation"]');
			assert.equal(await page.run(() => find(".turn")), null);
			assert.equal(await page.run(() => find(".hello").checkVisibility()), true);
			backend.script = { ...ANSWER, text: "The second answer." };
			await ask(page, "Another one");
			await page.until(done, "the answer");
			assert.equal((await page.run(last)).text, "The second answer.");
			assert.equal(backend.rows.conversations.size, 2);
			assert.equal(backend.calls.filter((c) => c.path.endsWith("/stop")).length, 1, "the abandoned answer was stopped");
		}),
		"four languages, and English for the rest": async (b) => {
			for (const [lang, placeholder, dates] of [["de-AT", "Frage stellen", /Juni/], ["fr-FR", "Poser une question", /juin/], ["es-ES", "Haga una pregunta", /junio/], ["nl-NL", "Ask a question", /June/]]) {
				await with_page(b, { lang }, async (page) => {
					assert.equal(await page.until(() => find("form.ask textarea")?.placeholder, "the box"), placeholder);
					assert.match(await page.until(() => find("#dates").textContent, "the dates"), dates);
					assert.equal(await page.run(() => document.documentElement.lang), lang.startsWith("nl") ? "en" : lang.slice(0, 2));
				});
			}
		},
		"the page tells the conference and asks its samples": (b) => with_page(b, {}, async (page) => {
			await page.until(() => find("#name").textContent === "Harbour Systems Days 2026", "the name");
			assert.match(await page.run(() => find("#dates").textContent), /^10\s?–\s?12 June 2026$/);
			await page.until(() => [...document.querySelectorAll("#questions button")].some((n) => /Kestrel|Ines|Cranes|tides|Automation|Sensing/.test(n.textContent)), "samples of this conference");
			const questions = await page.run(() => [...find(".hello").querySelectorAll(".chip")].map((n) => n.textContent));
			assert.deepEqual(questions, await page.run(() => [...document.querySelectorAll("#questions button")].map((n) => n.textContent)));
			await page.click(".hello .chip");
			await page.until(done, "the answer");
			assert.equal((await page.run(last)).question, questions[0]);
			await page.click("#questions li:nth-child(2) button");
			await page.until(() => document.querySelector("erleah-widget").transcript.length === 2, "a second question, from beside");
			assert.equal((await page.run(last)).question, questions[1]);
			await page.until(done, "the answer");
		}),
	};
}

/* Pictures of every look, to be judged by eye. */
export async function widget_shots(browser, dir) {
	const shoot = (name, options, work) => with_page(browser, options, async (page, backend) => {
		await work(page, backend);
		await sleep(300);
		await page.screenshot(join(dir, `${name}.png`));
	});
	const answered = async (page) => {
		await ask(page);
		await page.until(() => find(".cards"), "the answer");
	};
	const ready = (page) => page.until(() => find("#name").textContent.startsWith("Harbour") && find(".hello .chip"), "the page").then(() => sleep(200));
	await shoot("desktop-start", {}, ready);
	await shoot("desktop-light", {}, answered);
	await shoot("desktop-dark", { dark: true }, async (page) => {
		await answered(page);
		await page.click("details.card summary");
		await page.until(() => find("details[open] .facts"), "details");
	});
	await shoot("desktop-streaming", {}, async (page, backend) => {
		backend.script = { ...ANSWER, word_ms: 80 };
		await ask(page);
		await page.until(() => find(".answer")?.textContent.length > 70, "words");
	});
	await shoot("desktop-error", {}, async (page, backend) => {
		backend.refuse = { status: 429, headers: { "Retry-After": "30" }, times: 1 };
		await ask(page);
		await page.until(failed, "error");
	});
	await shoot("mobile-start", { width: 360, height: 740, touch: true, lang: "de-DE" }, ready);
	await shoot("mobile-light", { width: 360, height: 740, touch: true }, answered);
	await shoot("mobile-dark", { width: 360, height: 740, touch: true, dark: true }, answered);
	for (const [name, options] of [["bubble", {}], ["bubble-mobile", { width: 360, height: 740, touch: true }]]) {
		await shoot(name, { ...options, blank: true }, (page, backend) => with_site({ src: `${backend.url}/erleah-widget.js` }, async (url) => {
			await page.goto(url);
			await page.screenshot(join(dir, `${name}-closed.png`));
			await page.click(".launch");
			await answered(page);
			await sleep(300);
			await page.screenshot(join(dir, `${name}.png`));
		}).then(() => {}));
	}
}
