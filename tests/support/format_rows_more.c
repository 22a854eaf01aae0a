/* The shapes of other providers, and what copies of OpenAI's do differently (FIELD.md 4.4). */
#include "tests/support/format_rows.h"

#define CHAT          "openai.chat"
#define COMPLETIONS   "openai.completions"
#define IMAGES        "openai.images"
#define AUDIO         "openai.audio"
#define REALTIME      "openai.realtime"
#define BATCH         "openai.batch"
#define LIVE          "google.live"
#define INTERACTIONS  "google.interactions"
#define PREDICT       "google.predict"
#define CONVERSE      "bedrock.converse"
#define INVOKE        "bedrock.invoke"
#define COHERE        "cohere.chat"
#define COHERE_EMBED  "cohere.embed"
#define RERANK        "cohere.rerank"
#define MISTRAL       "mistral.chat"
#define OCR           "mistral.ocr"
#define XAI           "xai.chat"
#define XAI_RESPONSES "xai.responses"
#define DEEPSEEK      "deepseek.chat"
#define GROQ          "groq.chat"
#define OPENROUTER    "openrouter.chat"
#define PERPLEXITY    "perplexity.chat"
#define OLLAMA        "ollama.chat"
#define VLLM          "vllm.chat"
#define LITELLM       "litellm.chat"

const struct format_row format_rows_more[] = {
#include "tests/support/format_rows_litellm.def"
#include "tests/support/format_rows_parts.def"

	/* --- FIELD.md 4.4: what was seen in recorded traffic ------------------ */
	{ "Gemini's copy of Chat: the total has more than prompt and answer", CHAT,
	  "{'prompt_tokens':35,'completion_tokens':12,'total_tokens':109}",
	  "declared: input=35 output=12 | rest-is-reasoning: input=35 output=12 reasoning=62",
	  READINGS, NULL },
	{ "Grok's copy of Chat: cached beside a prompt that the total has alone", CHAT,
	  "{'prompt_tokens':7,'completion_tokens':1,'total_tokens':8,'prompt_tokens_details':"
	  "{'text_tokens':7,'cached_tokens':163}}",
	  "cached-beside: input=7 cache_read=163 output=1 | cached-is-all: cache_read=7 output=1",
	  READINGS, NULL },
	{ "cached beside the prompt, and in the total", CHAT,
	  "{'prompt_tokens':7,'completion_tokens':1,'total_tokens':171,'prompt_tokens_details':"
	  "{'cached_tokens':163}}",
	  "cached-beside: input=7 cache_read=163 output=1", CONFIRMED, NULL },
	{ "Mistral's audio beside the prompt, sent as Chat", CHAT,
	  "{'prompt_tokens':3,'completion_tokens':11,'total_tokens':389,"
	  "'prompt_tokens_details':{'cached_tokens':0,'audio_tokens':375}}",
	  "audio-beside: input=3 input_audio=375 output=11", CONFIRMED, NULL },
	{ "Mistral's audio beside the prompt", MISTRAL,
	  "{'prompt_audio_seconds':3,'prompt_tokens':3,'completion_tokens':11,'total_tokens':389,"
	  "'prompt_tokens_details':{'cached_tokens':0,'audio_tokens':375}}",
	  "input=3 input_audio=375 output=11 seconds=3", OBJECT, NULL },
	{ "Voyage: a total alone is all input", "openai.embeddings", "{'total_tokens':3}",
	  "input=3", OBJECT, NULL },
	{ "OpenRouter: more reasoning than answer, and a total that the answer fits", OPENROUTER,
	  "{'prompt_tokens':43,'completion_tokens':10,'total_tokens':53,"
	  "'completion_tokens_details':{'reasoning_tokens':11}}",
	  "reasoning-is-all: input=43 reasoning=10 | reasoning-is-none: input=43 output=10",
	  READINGS, NULL },
	{ "OpenRouter: the same tokens as read and as written", OPENROUTER,
	  "{'prompt_tokens':2168,'completion_tokens':5,'total_tokens':2173,"
	  "'prompt_tokens_details':{'cached_tokens':2161,'cache_write_tokens':2161}}",
	  "cached-is-read: input=7 cache_read=2161 output=5 | "
	  "cached-is-written: input=7 cache_write=2161 output=5",
	  READINGS, NULL },
	{ "Cohere's newer routes: no billed units", COHERE, "{'input_tokens':17,'output_tokens':9}",
	  "input=17 output=9", OBJECT, NULL },
	{ "tests of SDKs: audio and reasoning are more than the answer", CHAT,
	  "{'prompt_tokens':9,'completion_tokens':4,'total_tokens':13,'completion_tokens_details':"
	  "{'audio_tokens':4,'reasoning_tokens':3}}",
	  "reasoning-first: input=9 reasoning=3 output_audio=1 | audio-first: input=9 "
	  "output_audio=4",
	  READINGS, NULL },
	{ "Bedrock's embeddings: the count is in a response header alone", INVOKE,
	  "{'headers':{'x-amzn-bedrock-input-token-count':'19',"
	  "'x-amzn-bedrock-invocation-latency':'194'}}",
	  "input=19", OBJECT, NULL },
	{ "reasoning beside the answer: P + C + R is the total and P + C is not", CHAT,
	  "{'prompt_tokens':12,'completion_tokens':400,'total_tokens':732,"
	  "'completion_tokens_details':{'reasoning_tokens':320}}",
	  "declared: input=12 output=80 reasoning=320 | "
	  "reasoning-beside: input=12 output=400 reasoning=320",
	  READINGS, NULL },
	{ "more reasoning than answer, and the total has both", CHAT,
	  "{'prompt_tokens':12,'completion_tokens':2,'total_tokens':334,"
	  "'completion_tokens_details':{'reasoning_tokens':320}}",
	  "reasoning-beside: input=12 output=2 reasoning=320", CONFIRMED, NULL },
	{ "more audio than prompt, and a total that no reading has", CHAT,
	  "{'prompt_tokens':12,'completion_tokens':9,'total_tokens':395,'prompt_tokens_details':"
	  "{'audio_tokens':375}}",
	  "identity: usage: prompt_tokens 12 + completion_tokens 9 = 21, but total_tokens is 395",
	  REFUSED, NULL },
	{ "images of which some were cached", CHAT,
	  "{'prompt_tokens':265,'completion_tokens':2,'total_tokens':267,"
	  "'prompt_tokens_details':{'cached_tokens':170,'image_tokens':256}}",
	  "cached-beside: input=9 input_image=256 cache_read=170 output=2 | "
	  "cached-is-all: input_image=256 cache_read=9 output=2 | "
	  "cached-has-images: input_image=95 cache_read=170 output=2",
	  READINGS, NULL },

	/* --- OpenAI's other shapes --------------------------------------------- */
	{ "completions", COMPLETIONS, "{'prompt_tokens':5,'completion_tokens':1,'total_tokens':6}",
	  "input=5 output=1", OBJECT, NULL },
	{ "a stream of completions", COMPLETIONS,
	  "[null,{'prompt_tokens':5,'completion_tokens':1},{'prompt_tokens':5,'completion_tokens':"
	  "3}]",
	  "input=5 output=3", STREAM, NULL },
	{ "completions that do not add up", COMPLETIONS,
	  "{'prompt_tokens':5,'completion_tokens':4,'total_tokens':6}",
	  "identity: usage: prompt_tokens 5 + completion_tokens 4 = 9, but total_tokens is 6",
	  REFUSED, NULL },
	{ "two mirrors that differ", COMPLETIONS,
	  "{'prompt_tokens':9,'completion_tokens':1,'cached_tokens':4,"
	  "'prompt_tokens_details':{'cached_tokens':3}}",
	  "identity: usage: cached_tokens 4 = 4, but cached_tokens is 3", REFUSED, NULL },
	{ "an image: text and image in, image out", IMAGES,
	  "{'input_tokens':221,'input_tokens_details':{'image_tokens':194,'text_tokens':27},"
	  "'output_tokens':1318,'output_tokens_details':{'image_tokens':1056,'text_tokens':262},"
	  "'total_tokens':1539}",
	  "input=27 input_image=194 output=262 output_image=1056", OBJECT, NULL },
	{ "of an answer without details all is image", IMAGES,
	  "{'input_tokens':20,'output_tokens':1056,'total_tokens':1076}",
	  "input=20 output_image=1056", OBJECT, NULL },
	{ "an image that comes in steps", IMAGES,
	  "[null,{'input_tokens':20,'output_tokens':100,'total_tokens':120}]",
	  "input=20 output_image=100", STREAM, NULL },
	{ "an image's total", IMAGES, "{'input_tokens':20,'output_tokens':100,'total_tokens':121}",
	  "identity: usage: input_tokens 20 + output_tokens 100 = 120, but total_tokens is 121",
	  REFUSED, NULL },
	{ "an image's parts", IMAGES,
	  "{'input_tokens':20,'output_tokens':100,'output_tokens_details':"
	  "{'image_tokens':60,'text_tokens':30}}",
	  "identity: usage: text_tokens 30 + image_tokens 60 = 90, but output_tokens is 100",
	  REFUSED, NULL },
	{ "a transcription by tokens", AUDIO,
	  "{'type':'tokens','total_tokens':182,'input_tokens':37,'input_token_details':"
	  "{'text_tokens':0,'audio_tokens':37},'output_tokens':145}",
	  "input_audio=37 output=145", OBJECT, NULL },
	{ "a transcription by seconds", AUDIO, "{'type':'duration','seconds':9.0}", "seconds=9",
	  OBJECT, NULL },
	{ "Mistral's transcription, with its audio in the total alone", AUDIO,
	  "{'prompt_audio_seconds':203,'prompt_tokens':4,'completion_tokens':635,'total_tokens':"
	  "3264}",
	  "declared: input=4 output=635 seconds=203 | rest-is-audio: input=4 input_audio=2625 "
	  "output=635 seconds=203",
	  READINGS, NULL },
	{ "Mistral's chat, likewise", "mistral.chat",
	  "{'prompt_audio_seconds':203,'prompt_tokens':4,'completion_tokens':635,'total_tokens':"
	  "3264}",
	  "declared: input=4 output=635 seconds=203 | rest-is-audio: input=4 input_audio=2625 "
	  "output=635 seconds=203",
	  READINGS, NULL },
	{ "a fraction of a second, below a half", AUDIO, "{'type':'duration','seconds':8.47}",
	  "seconds-up: seconds=9 | seconds-nearest: seconds=8 | seconds-down: seconds=8", READINGS,
	  NULL },
	{ "a fraction of a second, a half", AUDIO, "{'type':'duration','seconds':9.500}",
	  "seconds-up: seconds=10 | seconds-nearest: seconds=10 | seconds-down: seconds=9",
	  READINGS, NULL },
	{ "a fraction, and a total that does not hold", AUDIO,
	  "{'seconds':9.5,'input_tokens':1,'output_tokens':1,'total_tokens':3}",
	  "identity: usage: input_tokens 1 + output_tokens 1 = 2, but total_tokens is 3", REFUSED,
	  NULL },
	{ "seconds under both of their names", AUDIO,
	  "{'seconds':8,'prompt_audio_seconds':8,'prompt_tokens':3,'completion_tokens':2,"
	  "'total_tokens':5}",
	  "input=3 output=2 seconds=8", OBJECT, NULL },
	{ "a fraction, and behind it a whole number", AUDIO, "[{'seconds':8.5},{'seconds':9}]",
	  "seconds=9", STREAM, NULL },
	{ "a fraction, and more audio than prompt", AUDIO,
	  "{'seconds':0.5,'input_tokens':1,'input_token_details':{'audio_tokens':2}}",
	  "count: usage: seconds is 0 and a fraction, which each provider rounds in its own way",
	  REFUSED, NULL },
	{ "seconds that are no number of them", AUDIO, "{'seconds':1e3}",
	  "count: usage: seconds: 1e3 is no count", REFUSED, NULL },
	{ "less than no seconds", AUDIO, "{'seconds':-0.5}",
	  "count: usage: seconds: -0.5 is no count", REFUSED, NULL },
	{ "Mistral's transcription: audio beside the prompt", AUDIO,
	  "{'prompt_audio_seconds':3,'prompt_tokens':3,'total_tokens':389,'completion_tokens':11,"
	  "'prompt_tokens_details':{'cached_tokens':0,'audio_tokens':375}}",
	  "input=3 input_audio=375 output=11 seconds=3", OBJECT, NULL },
	{ "a transcription in a stream", AUDIO,
	  "[null,{'type':'tokens','input_tokens':37,'output_tokens':5,'total_tokens':42}]",
	  "input=37 output=5", STREAM, NULL },
	{ "a transcription's total", AUDIO,
	  "{'input_tokens':37,'output_tokens':5,'total_tokens':43}",
	  "identity: usage: input_tokens 37 + output_tokens 5 = 42, but total_tokens is 43",
	  REFUSED, NULL },
	{ "Mistral's transcription's total", AUDIO,
	  "{'prompt_tokens':3,'completion_tokens':5,'total_tokens':9}",
	  "identity: usage: prompt_tokens 3 + completion_tokens 5 = 8, but total_tokens is 9",
	  REFUSED, NULL },
	{ "realtime: every modality, and which of it was cached", REALTIME,
	  "{'total_tokens':360,'input_tokens':300,'output_tokens':60,'input_token_details':"
	  "{'text_tokens':100,'audio_tokens':120,'image_tokens':80,'cached_tokens':90,"
	  "'cached_tokens_details':{'text_tokens':40,'audio_tokens':30,'image_tokens':20}},"
	  "'output_token_details':{'text_tokens':20,'audio_tokens':40}}",
	  "input=60 input_audio=90 input_image=60 cache_read=40 cache_read_audio=30 "
	  "cache_read_image=20 output=20 output_audio=40",
	  OBJECT, NULL },
	{ "xAI's voice: seconds beside", REALTIME,
	  "{'input_tokens':5,'input_token_details':{'text_tokens':5,'grok_tokens':0},"
	  "'output_tokens':42,'output_token_details':{'text_tokens':3,'audio_tokens':39},"
	  "'total_tokens':47,'output_audio_seconds':0.77,'billable_audio_seconds':1}",
	  "input=5 output=3 output_audio=39 seconds=1", OBJECT, NULL },
	{ "responses of a session add up", REALTIME,
	  "[{'total_tokens':84,'input_tokens':62,'output_tokens':22},"
	  "{'total_tokens':115,'input_tokens':102,'output_tokens':13,'input_token_details':"
	  "{'cached_tokens':64}}]",
	  "input=100 cache_read=64 output=35", STREAM, NULL },
	{ "one of a session's responses contradicts itself", REALTIME,
	  "[{'input_tokens':62,'output_tokens':22},{'input_tokens':10,'output_tokens':13,"
	  "'total_tokens':24}]",
	  "identity: usage: input_tokens 10 + output_tokens 13 = 23, but total_tokens is 24",
	  REFUSED, NULL },
	{ "a batch of chats", BATCH, "{'prompt_tokens':5,'completion_tokens':1,'total_tokens':6}",
	  "input=5 output=1", OBJECT, NULL },
	{ "a batch of responses, as its own sum has it", BATCH,
	  "{'input_tokens':50,'output_tokens':10,'total_tokens':60,'input_tokens_details':"
	  "{'cached_tokens':20}}",
	  "input=30 cache_read=20 output=10", OBJECT, NULL },
	{ "a batch polled twice", BATCH,
	  "[{'input_tokens':0,'output_tokens':0},{'input_tokens':5,'output_tokens':1}]",
	  "input=5 output=1", STREAM, NULL },
	{ "a batch that does not add up", BATCH,
	  "{'input_tokens':5,'output_tokens':2,'total_tokens':6}",
	  "identity: usage: prompt_tokens 5 + completion_tokens 2 = 7, but total_tokens is 6",
	  REFUSED, NULL },
	{ "a batch's mirrors", BATCH,
	  "{'prompt_tokens':9,'cached_tokens':4,'prompt_tokens_details':{'cached_tokens':3}}",
	  "identity: usage: cached_tokens 4 = 4, but cached_tokens is 3", REFUSED, NULL },

	/* --- Google's ---------------------------------------------------------- */
	{ "Live: the answer is called response", LIVE,
	  "{'promptTokenCount':1267,'responseTokenCount':103,'totalTokenCount':1370,"
	  "'promptTokensDetails':[{'modality':'TEXT','tokenCount':1267}],'responseTokensDetails':"
	  "[{'modality':'TEXT','tokenCount':22},{'modality':'AUDIO','tokenCount':81}]}",
	  "input=1267 output=22 output_audio=81", OBJECT, NULL },
	{ "Live: turns of a session add up", LIVE,
	  "[{'promptTokenCount':10,'responseTokenCount':3,'totalTokenCount':13},"
	  "{'promptTokenCount':20,'responseTokenCount':4,'totalTokenCount':24}]",
	  "input=30 output=7", STREAM, NULL },
	{ "Live: thoughts that the total leaves out", LIVE,
	  "{'promptTokenCount':1150,'responseTokenCount':85,'totalTokenCount':1235,"
	  "'responseTokensDetails':[{'modality':'AUDIO','tokenCount':85}],'thoughtsTokenCount':28}",
	  "declared: input=1150 reasoning=28 output_audio=85 | "
	  "thoughts-none: input=1150 output_audio=85",
	  READINGS, NULL },
	{ "Live: a total that nothing makes", LIVE,
	  "{'promptTokenCount':10,'responseTokenCount':3,'totalTokenCount':14}",
	  "identity: usage: promptTokenCount 10 + candidatesTokenCount 3 = 13, but totalTokenCount "
	  "is 14",
	  REFUSED, NULL },
	{ "interactions", INTERACTIONS,
	  "{'total_tokens':319,'total_input_tokens':10,'input_tokens_by_modality':"
	  "[{'modality':'text','tokens':10}],'total_cached_tokens':0,'total_output_tokens':33,"
	  "'total_tool_use_tokens':0,'total_thought_tokens':276}",
	  "input=10 output=33 reasoning=276", OBJECT, NULL },
	{ "interactions: the last event counts", INTERACTIONS,
	  "[{'total_tokens':11,'total_input_tokens':10,'total_output_tokens':1},"
	  "{'total_tokens':14,'total_input_tokens':10,'total_output_tokens':4}]",
	  "input=10 output=4", STREAM, NULL },
	{ "interactions that do not add up", INTERACTIONS,
	  "{'total_tokens':15,'total_input_tokens':10,'total_output_tokens':4}",
	  "identity: usage: total_input_tokens 10 + total_output_tokens 4 = 14, but total_tokens "
	  "is "
	  "15",
	  REFUSED, NULL },
	{ "an embedding's prediction", PREDICT, "{'token_count':7,'truncated':false}", "input=7",
	  OBJECT, NULL },
	{ "predict's usage, twice the same", PREDICT,
	  "[{'promptTokenCount':7},{'promptTokenCount':7}]", "input=7", STREAM, NULL },
	{ "the counts of several predictions", PREDICT,
	  "[{'token_count':3,'truncated':false},{'token_count':4},{'token_count':2}]", "input=9",
	  STREAM, NULL },
	{ "predict without a count", PREDICT, "{'truncated':true}",
	  "missing: usage: token_count is missing", REFUSED, NULL },

	/* --- Amazon's ------------------------------------------------------------ */
	{ "converse: cache beside the input, under its old and its new name", CONVERSE,
	  "{'cacheReadInputTokenCount':5,'cacheReadInputTokens':5,'cacheWriteInputTokenCount':1298,"
	  "'cacheWriteInputTokens':1298,'inputTokens':10,'outputTokens':2,'serverToolUsage':{},"
	  "'totalTokens':1315}",
	  "input=10 cache_read=5 cache_write=1298 output=2", OBJECT, NULL },
	{ "converse in a stream", CONVERSE,
	  "[null,{'inputTokens':17,'outputTokens':16,'totalTokens':33}]", "input=17 output=16",
	  STREAM, NULL },
	{ "converse: a total that leaves the cache out", CONVERSE,
	  "{'inputTokens':100,'cacheReadInputTokens':60,'outputTokens':16,'totalTokens':116}",
	  "declared: input=100 cache_read=60 output=16 | cached-inside: input=40 cache_read=60 "
	  "output=16",
	  READINGS, NULL },
	{ "converse: an old name that differs", CONVERSE,
	  "{'inputTokens':10,'outputTokens':5,'cacheReadInputTokens':100,"
	  "'cacheReadInputTokenCount':7}",
	  "identity: usage: cacheReadInputTokenCount 7 = 7, but cacheReadInputTokens is 100",
	  REFUSED, NULL },
	{ "converse: an old name of what was written that differs", CONVERSE,
	  "{'inputTokens':10,'outputTokens':5,'cacheWriteInputTokens':100,"
	  "'cacheWriteInputTokenCount':7}",
	  "identity: usage: cacheWriteInputTokenCount 7 = 7, but cacheWriteInputTokens is 100",
	  REFUSED, NULL },
	{ "converse: old names alone", CONVERSE,
	  "{'inputTokens':10,'outputTokens':5,'cacheReadInputTokenCount':7,"
	  "'cacheWriteInputTokenCount':8}",
	  "input=10 cache_read=7 cache_write=8 output=5", OBJECT, NULL },
	{ "converse that does not add up", CONVERSE,
	  "{'inputTokens':17,'outputTokens':16,'totalTokens':34}",
	  "identity: usage: inputTokens 17 + outputTokens 16 = 33, but totalTokens is 34", REFUSED,
	  NULL },
	{ "converse: what was written, split by lifetime", CONVERSE,
	  "{'inputTokens':10,'outputTokens':2,'cacheReadInputTokens':5,'cacheWriteInputTokens':70,"
	  "'totalTokens':87,'cacheDetails':[{'ttl':'1h','inputTokens':20},"
	  "{'ttl':'5m','inputTokens':50}]}",
	  "input=10 cache_read=5 cache_write_5m=50 cache_write_1h=20 output=2", OBJECT, NULL },
	{ "converse: one lifetime, and nulls", CONVERSE,
	  "{'inputTokens':10,'cacheWriteInputTokens':70,'cacheDetails':"
	  "[null,{'ttl':'1h','inputTokens':70},{'ttl':'5m','inputTokens':null}]}",
	  "input=10 cache_write_1h=70", OBJECT, NULL },
	{ "converse: a lifetime twice adds up", CONVERSE,
	  "{'inputTokens':10,'cacheWriteInputTokens':70,'cacheDetails':"
	  "[{'ttl':'5m','inputTokens':30},{'ttl':'5m','inputTokens':40}]}",
	  "input=10 cache_write_5m=70", OBJECT, NULL },
	{ "converse: an empty split is none", CONVERSE,
	  "{'inputTokens':10,'cacheWriteInputTokens':70,'cacheDetails':[]}",
	  "input=10 cache_write=70", OBJECT, NULL },
	{ "converse: a split without its total", CONVERSE,
	  "{'inputTokens':10,'outputTokens':2,'totalTokens':82,'cacheDetails':"
	  "[{'ttl':'5m','inputTokens':50},{'ttl':'1h','inputTokens':20}]}",
	  "input=10 cache_write_5m=50 cache_write_1h=20 output=2", OBJECT, NULL },
	{ "converse: a split in a stream", CONVERSE,
	  "[{'inputTokens':10,'cacheWriteInputTokens':7,'cacheDetails':[{'ttl':'5m',"
	  "'inputTokens':7}]},{'inputTokens':10,'cacheWriteInputTokens':7,'outputTokens':3,"
	  "'cacheDetails':[{'ttl':'5m','inputTokens':7}]}]",
	  "input=10 cache_write_5m=7 output=3", STREAM, NULL },
	{ "converse: a lifetime that nobody knows", CONVERSE,
	  "{'inputTokens':10,'cacheWriteInputTokens':70,'cacheDetails':"
	  "[{'ttl':'5m','inputTokens':50},{'ttl':'24h','inputTokens':20}]}",
	  "input=10 cache_write_5m=50 cache_write=20", OBJECT, "cacheDetails (the ttl 24h)" },
	{ "converse: no lifetime, and no total", CONVERSE,
	  "{'inputTokens':10,'cacheDetails':[{'inputTokens':20}]}", "input=10 cache_write=20",
	  OBJECT, "cacheDetails (the ttl none)" },
	{ "converse: nothing written for a lifetime that nobody knows", CONVERSE,
	  "{'inputTokens':10,'cacheWriteInputTokens':7,'cacheDetails':[{'ttl':'24h',"
	  "'inputTokens':0},{'ttl':'5m','inputTokens':7}]}",
	  "input=10 cache_write_5m=7", OBJECT, NULL },
	{ "converse: another number in the split", CONVERSE,
	  "{'inputTokens':10,'cacheWriteInputTokens':7,'cacheDetails':[{'ttl':'5m',"
	  "'inputTokens':7,'newTokens':3}]}",
	  "input=10 cache_write_5m=7", OBJECT, "cacheDetails.newTokens" },
	{ "converse: a split that is less than its total", CONVERSE,
	  "{'inputTokens':10,'cacheWriteInputTokens':70,'cacheDetails':"
	  "[{'ttl':'5m','inputTokens':50},{'ttl':'1h','inputTokens':19}]}",
	  "identity: usage: cacheDetails 50 + cacheDetails 19 = 69, but cacheWriteInputTokens is "
	  "70",
	  REFUSED, NULL },
	{ "converse: a split of zeros, and a total", CONVERSE,
	  "{'inputTokens':10,'cacheWriteInputTokens':70,'cacheDetails':[{'ttl':'5m',"
	  "'inputTokens':0}]}",
	  "identity: usage: cacheDetails 0 = 0, but cacheWriteInputTokens is 70", REFUSED, NULL },
	{ "converse: a split that is more than its total under the old name", CONVERSE,
	  "{'inputTokens':10,'cacheWriteInputTokenCount':70,'cacheDetails':"
	  "[{'ttl':'5m','inputTokens':71}]}",
	  "identity: usage: cacheDetails 71 = 71, but cacheWriteInputTokenCount is 70", REFUSED,
	  NULL },
	{ "converse: a split that is no list", CONVERSE, "{'inputTokens':10,'cacheDetails':{}}",
	  "type: usage: cacheDetails: an array is due", REFUSED, NULL },
	{ "converse: a split of no objects", CONVERSE, "{'inputTokens':10,'cacheDetails':[1]}",
	  "type: usage: cacheDetails: an array of objects is due", REFUSED, NULL },
	{ "converse: a split with a negative count", CONVERSE,
	  "{'inputTokens':10,'cacheDetails':[{'ttl':'5m','inputTokens':-1}]}",
	  "count: usage: cacheDetails: -1 is no count", REFUSED, NULL },
	{ "converse: a split whose sum is no count", CONVERSE,
	  "{'inputTokens':10,'cacheDetails':[{'ttl':'5m','inputTokens':1000000000000},"
	  "{'ttl':'5m','inputTokens':1}]}",
	  "count: usage: cacheDetails: the sum is no count", REFUSED, NULL },
	{ "invoke: Nova's split by lifetime", INVOKE,
	  "{'inputTokens':10,'outputTokens':2,'cacheWriteInputTokens':70,'cacheDetails':"
	  "[{'ttl':'1h','inputTokens':20},{'ttl':'5m','inputTokens':50}]}",
	  "input=10 cache_write_5m=50 cache_write_1h=20 output=2", OBJECT, NULL },
	{ "invoke: Claude's split without its total", INVOKE,
	  "{'input_tokens':3,'output_tokens':4,'cache_creation':{'ephemeral_5m_input_tokens':9}}",
	  "input=3 cache_write_5m=9 output=4", OBJECT, NULL },
	{ "invoke: an old name of what was written that its split does not make", INVOKE,
	  "{'inputTokens':10,'cacheWriteInputTokenCount':70,'cacheDetails':"
	  "[{'ttl':'5m','inputTokens':71}]}",
	  "identity: usage: ephemeral_5m_input_tokens 71 = 71, but cacheWriteInputTokenCount is 70",
	  REFUSED, NULL },
	{ "invoke: Claude's usage", INVOKE,
	  "{'cache_creation':{'ephemeral_1h_input_tokens':0,'ephemeral_5m_input_tokens':1956},"
	  "'cache_creation_input_tokens':1956,'cache_read_input_tokens':9511,'input_tokens':3,"
	  "'output_tokens':44}",
	  "input=3 cache_read=9511 cache_write_5m=1956 output=44", OBJECT, NULL },
	{ "invoke: Titan's", INVOKE,
	  "{'inputTokenCount':5,'outputTokenCount':10,"
	  "'invocationLatency':637,'firstByteLatency':636}",
	  "input=5 output=10", OBJECT, NULL },
	{ "invoke: a stream of Claude's, ended by the metrics", INVOKE,
	  "[{'input_tokens':37,'output_tokens':1},{'output_tokens':8},{'inputTokenCount':37,"
	  "'outputTokenCount':8,'invocationLatency':460}]",
	  "input=37 output=8", STREAM, NULL },
	{ "invoke: metrics that differ from the usage", INVOKE,
	  "[{'input_tokens':392,'output_tokens':8},{'output_tokens':133},{'inputTokenCount':392,"
	  "'outputTokenCount':97}]",
	  "declared: input=392 output=133 | as-metered: input=392 output=97", READINGS, NULL },
	{ "invoke: metrics of another prompt", INVOKE,
	  "{'input_tokens':5,'output_tokens':1,'inputTokenCount':6,'outputTokenCount':1}",
	  "declared: input=5 output=1 | as-metered: input=6 output=1", READINGS, NULL },
	{ "invoke: an old name that differs", INVOKE,
	  "{'inputTokens':10,'outputTokens':5,'cacheReadInputTokens':100,"
	  "'cacheReadInputTokenCount':7}",
	  "identity: usage: cacheReadInputTokenCount 7 = 7, but cacheReadInputTokens is 100",
	  REFUSED, NULL },
	{ "invoke: an old name of what was written that differs", INVOKE,
	  "{'inputTokens':10,'outputTokens':5,'cacheWriteInputTokens':100,"
	  "'cacheWriteInputTokenCount':7}",
	  "identity: usage: cacheWriteInputTokenCount 7 = 7, but cacheWriteInputTokens is 100",
	  REFUSED, NULL },
	{ "invoke: Nova's total", INVOKE, "{'inputTokens':408,'outputTokens':54,'totalTokens':463}",
	  "identity: usage: inputTokens 408 + outputTokens 54 = 462, but totalTokens is 463",
	  REFUSED, NULL },
	{ "invoke: a creation that its split does not make", INVOKE,
	  "{'input_tokens':3,'output_tokens':4,'cache_creation_input_tokens':9,'cache_creation':"
	  "{'ephemeral_5m_input_tokens':4,'ephemeral_1h_input_tokens':4}}",
	  "identity: usage: ephemeral_5m_input_tokens 4 + ephemeral_1h_input_tokens 4 = 8, but "
	  "cacheWriteInputTokens is 9",
	  REFUSED, NULL },
	{ "invoke: what a body leaves out stands in the headers", INVOKE,
	  "{'inputTokens':30,'headers':{'x-amzn-bedrock-input-token-count':'30',"
	  "'x-amzn-bedrock-output-token-count':'51'}}",
	  "input=30 output=51", OBJECT, NULL },
	{ "invoke: headers of another cache read", INVOKE,
	  "{'input_tokens':3,'output_tokens':4,'cache_read_input_tokens':9,'headers':"
	  "{'x-amzn-bedrock-cache-read-input-token-count':'8'}}",
	  "identity: usage: x-amzn-bedrock-cache-read-input-token-count 8 = 8, but "
	  "cacheReadInputTokens is 9",
	  REFUSED, NULL },
	{ "invoke: headers of another cache write", INVOKE,
	  "{'input_tokens':3,'output_tokens':4,'cache_creation_input_tokens':9,'headers':"
	  "{'x-amzn-bedrock-cache-write-input-token-count':'8'}}",
	  "identity: usage: x-amzn-bedrock-cache-write-input-token-count 8 = 8, but "
	  "cacheWriteInputTokens is 9",
	  REFUSED, NULL },
	{ "invoke: a compaction, which the totals leave out", INVOKE,
	  "{'input_tokens':162,'output_tokens':11,'cache_read_input_tokens':3,'iterations':["
	  "{'type':'compaction','input_tokens':99195,'output_tokens':81},{'type':'message',"
	  "'input_tokens':162,'output_tokens':11,'cache_read_input_tokens':3}]}",
	  "input=162 cache_read=3 output=11 + m: input=99195 output=81", OBJECT, NULL },
	{ "invoke: the same in a stream, whose metrics no turn says", INVOKE,
	  "[{'input_tokens':162,'output_tokens':1},{'output_tokens':11,'iterations':["
	  "{'type':'compaction','input_tokens':99195,'output_tokens':81},{'type':'message',"
	  "'input_tokens':162,'output_tokens':11}]},{'inputTokenCount':162,'outputTokenCount':11}]",
	  "input=162 output=11 + m: input=99195 output=81", STREAM, NULL },
	{ "invoke: the same where the metrics have the compaction", INVOKE,
	  "[{'input_tokens':162,'output_tokens':11,'iterations':[{'type':'compaction',"
	  "'input_tokens':90,'output_tokens':81},{'type':'message','input_tokens':162,"
	  "'output_tokens':11}]},{'inputTokenCount':252,'outputTokenCount':92}]",
	  "unsupported: usage: turns on several models, and numbers that contradict each other",
	  REFUSED, NULL },
	{ "invoke: turns under another name than the total's", INVOKE,
	  "{'inputTokens':30,'outputTokens':9,'totalTokens':39,'iterations':[{'type':'message',"
	  "'input_tokens':10,'output_tokens':4},{'type':'message','inputTokens':20,"
	  "'output_tokens':5}]}",
	  "input=30 output=9", OBJECT, NULL },
	{ "invoke: turns that are more than the totals", INVOKE,
	  "{'input_tokens':10,'output_tokens':5,'iterations':[{'type':'message','input_tokens':10,"
	  "'output_tokens':5},{'type':'message','inputTextTokenCount':100}]}",
	  "identity: usage: iterations: inputTextTokenCount add up to 110, not 10", REFUSED, NULL },
	{ "invoke: turns that are less than the totals", INVOKE,
	  "{'input_tokens':10,'output_tokens':5,'iterations':[{'type':'message','input_tokens':9,"
	  "'output_tokens':5}]}",
	  "identity: usage: iterations: input_tokens add up to 9, not 10", REFUSED, NULL },
	{ "invoke: headers have no case", INVOKE,
	  "{'headers':{'X-Amzn-Bedrock-Input-Token-Count':'19'}}", "input=19", OBJECT, NULL },
	{ "invoke: a header that is no count", INVOKE,
	  "{'headers':{'x-amzn-bedrock-input-token-count':'many'}}",
	  "count: x-amzn-bedrock-input-token-count: \"many\" is no count", REFUSED, NULL },

	/* --- Cohere's ------------------------------------------------------------ */
	{ "billed units, written as floats, and not the tokens", COHERE,
	  "{'billed_units':{'input_tokens':11.0,'output_tokens':4.0},'tokens':"
	  "{'input_tokens':506.0,'output_tokens':5.0},'cached_tokens':448.0}",
	  "input=11 output=4", OBJECT, NULL },
	{ "half a billed token", COHERE, "{'billed_units':{'input_tokens':11.5}}",
	  "count: usage: input_tokens: 11.5 is no count", REFUSED, NULL },
	{ "a stream's last event", COHERE,
	  "[null,{'billed_units':{'input_tokens':11,'output_tokens':4}}]", "input=11 output=4",
	  STREAM, NULL },
	{ "a compatible route's total", COHERE,
	  "{'prompt_tokens':4,'completion_tokens':1,'total_tokens':6}",
	  "identity: usage: input_tokens 4 + output_tokens 1 = 5, but total_tokens is 6", REFUSED,
	  NULL },
	{ "a total with an answer and no prompt is not all prompt", COHERE,
	  "{'completion_tokens':4,'total_tokens':4}", "output=4", OBJECT, NULL },
	{ "embed: images are tokens of their own", COHERE_EMBED,
	  "{'billed_units':{'input_tokens':3,'image_tokens':512}}", "input=3 input_image=512",
	  OBJECT, NULL },
	{ "embed: billed by the image", COHERE_EMBED, "{'billed_units':{'images':2.0}}",
	  "images_in=2", OBJECT, NULL },
	{ "embed: billed by the image, beside a text", COHERE_EMBED,
	  "{'meta':{'billed_units':{'input_tokens':3,'images':1}}}", "input=3 images_in=1", OBJECT,
	  NULL },
	{ "embed: no images", COHERE_EMBED, "{'billed_units':{'input_tokens':3,'images':0}}",
	  "input=3", OBJECT, NULL },
	{ "embed: half an image", COHERE_EMBED, "{'billed_units':{'images':0.5}}",
	  "count: usage: images: 0.5 is no count", REFUSED, NULL },
	{ "embed: classifications alone", COHERE_EMBED, "{'billed_units':{'classifications':3.0}}",
	  "unsupported: usage: classifications: billed, and there is no component for it", REFUSED,
	  NULL },
	{ "chat: classifications alone", COHERE,
	  "{'billed_units':{'classifications':1},'tokens':{'input_tokens':5}}",
	  "unsupported: usage: classifications: billed, and there is no component for it", REFUSED,
	  NULL },
	{ "embed: classifications beside what is counted", COHERE_EMBED,
	  "{'billed_units':{'input_tokens':3,'classifications':1}}", "input=3", OBJECT,
	  "billed_units.classifications" },
	{ "embed: no classifications, and nothing else", COHERE_EMBED,
	  "{'billed_units':{'classifications':0.0}}", "missing: usage: input_tokens is missing",
	  REFUSED, NULL },
	{ "embed: the same twice", COHERE_EMBED, "[{'input_tokens':3},{'input_tokens':3}]",
	  "input=3", STREAM, NULL },
	{ "embed: a total that is none", COHERE_EMBED, "{'prompt_tokens':4,'total_tokens':6}",
	  "identity: usage: input_tokens 4 = 4, but total_tokens is 6", REFUSED, NULL },
	{ "rerank: search units", RERANK, "{'billed_units':{'search_units':1}}", "searches=1",
	  OBJECT, NULL },
	{ "rerank by tokens, as Voyage has it", RERANK, "{'total_tokens':17,'cost':3.4e-07}",
	  "input=17", OBJECT, NULL },
	{ "rerank by tokens, as Together has it", RERANK,
	  "{'prompt_tokens':2966,'completion_tokens':0,'total_tokens':2966}", "input=2966", OBJECT,
	  NULL },
	{ "rerank: the same twice", RERANK, "[{'search_units':1},{'search_units':1}]", "searches=1",
	  STREAM, NULL },
	{ "rerank: a total that is none", RERANK, "{'prompt_tokens':4,'total_tokens':6}",
	  "identity: usage: input_tokens 4 = 4, but total_tokens is 6", REFUSED, NULL },

	/* --- made after Chat ----------------------------------------------------- */
	{ "Mistral: cached in the third place", MISTRAL,
	  "{'prompt_tokens':100,'completion_tokens':2,'total_tokens':102,'num_cached_tokens':64}",
	  "input=36 cache_read=64 output=2", OBJECT, NULL },
	{ "Mistral: what connectors add", MISTRAL,
	  "{'prompt_tokens':100,'completion_tokens':2,'total_tokens':142,'connector_tokens':40,"
	  "'connectors':{'web_search':2}}",
	  "input=100 input_tool=40 output=2 searches=2", OBJECT, NULL },
	{ "Mistral: two kinds of search add up", MISTRAL,
	  "{'prompt_tokens':10,'completion_tokens':2,'total_tokens':12,'connectors':"
	  "{'web_search':2,'web_search_premium':1}}",
	  "input=10 output=2 searches=3", OBJECT, NULL },
	{ "Mistral in a stream", MISTRAL,
	  "[null,{'prompt_tokens':10,'completion_tokens':2,'total_tokens':12}]",
	  "input=10 output=2", STREAM, NULL },
	{ "Mistral: audio inside the prompt", MISTRAL,
	  "{'prompt_tokens':400,'completion_tokens':2,'total_tokens':402,'prompt_tokens_details':"
	  "{'audio_tokens':375}}",
	  "declared: input=400 input_audio=375 output=2 | audio-inside: input=25 input_audio=375 "
	  "output=2",
	  READINGS, NULL },
	{ "Mistral: connectors inside the prompt", MISTRAL,
	  "{'prompt_tokens':100,'completion_tokens':2,'total_tokens':102,'connector_tokens':40}",
	  "declared: input=100 input_tool=40 output=2 | connectors-inside: input=60 input_tool=40 "
	  "output=2",
	  READINGS, NULL },
	{ "Mistral: two places that differ", MISTRAL,
	  "{'prompt_tokens':9,'completion_tokens':1,'num_cached_tokens':4,"
	  "'prompt_tokens_details':{'cached_tokens':3}}",
	  "identity: usage: num_cached_tokens 4 = 4, but cached_tokens is 3", REFUSED, NULL },
	{ "pages", OCR, "{'pages_processed':3,'doc_size_bytes':18810}", "pages=3", OBJECT, NULL },
	{ "pages, told twice", OCR, "[{'pages_processed':3},{'pages_processed':3}]", "pages=3",
	  STREAM, NULL },
	{ "no pages", OCR, "{'doc_size_bytes':18810}", "missing: usage: pages_processed is missing",
	  REFUSED, NULL },
	{ "xAI: reasoning is added", XAI,
	  "{'prompt_tokens':12,'completion_tokens':1,'total_tokens':303,'prompt_tokens_details':"
	  "{'text_tokens':12,'cached_tokens':11},'completion_tokens_details':"
	  "{'reasoning_tokens':290},'num_sources_used':0,'cost_in_usd_ticks':1466250}",
	  "input=1 cache_read=11 output=1 reasoning=290", OBJECT, NULL },
	{ "xAI's gRPC: the same numbers at the root", XAI,
	  "{'completion_tokens':12,'prompt_tokens':1314,'total_tokens':1722,'prompt_text_tokens':"
	  "799,"
	  "'prompt_image_tokens':515,'reasoning_tokens':396,'cached_prompt_text_tokens':128,"
	  "'cost_in_usd_ticks':'48840000'}",
	  "input=671 input_image=515 cache_read=128 output=12 reasoning=396", OBJECT, NULL },
	{ "xAI: tools that are billed warn", XAI,
	  "{'prompt_tokens':12,'completion_tokens':1,'total_tokens':13,'num_sources_used':3}",
	  "input=12 output=1", OBJECT, "num_sources_used" },
	{ "xAI in a stream", XAI,
	  "[{'prompt_tokens':12,'completion_tokens':1,'total_tokens':13},"
	  "{'prompt_tokens':12,'completion_tokens':3,'total_tokens':15}]",
	  "input=12 output=3", STREAM, NULL },
	{ "xAI: reasoning inside", XAI,
	  "{'prompt_tokens':12,'completion_tokens':400,'total_tokens':412,"
	  "'completion_tokens_details':{'reasoning_tokens':320}}",
	  "declared: input=12 output=400 reasoning=320 | "
	  "reasoning-inside: input=12 output=80 reasoning=320",
	  READINGS, NULL },
	{ "xAI: cached beside the prompt", XAI,
	  "{'prompt_tokens':7,'completion_tokens':1,'total_tokens':8,'prompt_tokens_details':"
	  "{'cached_tokens':163}}",
	  "cached-beside: input=7 cache_read=163 output=1 | cached-is-all: cache_read=7 output=1",
	  READINGS, NULL },
	{ "xAI: a total that nothing makes", XAI,
	  "{'prompt_tokens':12,'completion_tokens':1,'total_tokens':14}",
	  "identity: usage: prompt_tokens 12 + completion_tokens 1 = 13, but total_tokens is 14",
	  REFUSED, NULL },
	{ "xAI's responses: reasoning inside, searches counted", XAI_RESPONSES,
	  "{'input_tokens':100,'output_tokens':60,'total_tokens':160,'output_tokens_details':"
	  "{'reasoning_tokens':40},'context_details':{'input_tokens':100,'output_tokens':60},"
	  "'server_side_tool_usage_details':{'web_search_calls':2,'x_search_calls':0}}",
	  "input=100 output=20 reasoning=40 searches=2", OBJECT, NULL },
	{ "xAI's responses: a tool nobody counts", XAI_RESPONSES,
	  "{'input_tokens':100,'output_tokens':60,'server_side_tool_usage_details':"
	  "{'code_interpreter_calls':2}}",
	  "input=100 output=60", OBJECT, "server_side_tool_usage_details.code_interpreter_calls" },
	{ "xAI's responses in a stream", XAI_RESPONSES,
	  "[null,{'input_tokens':100,'output_tokens':60,'total_tokens':160}]",
	  "input=100 output=60", STREAM, NULL },
	{ "xAI's responses: the total", XAI_RESPONSES,
	  "{'input_tokens':100,'output_tokens':60,'total_tokens':159}",
	  "identity: usage: input_tokens 100 + output_tokens 60 = 160, but total_tokens is 159",
	  REFUSED, NULL },
	{ "DeepSeek: hit and miss; the mirror is not added", DEEPSEEK,
	  "{'prompt_tokens':100,'completion_tokens':9,'total_tokens':109,"
	  "'prompt_cache_hit_tokens':64,'prompt_cache_miss_tokens':36,'prompt_tokens_details':"
	  "{'cached_tokens':64},'completion_tokens_details':{'reasoning_tokens':4}}",
	  "input=36 cache_read=64 output=5 reasoning=4", OBJECT, NULL },
	{ "DeepSeek: hit and miss alone", DEEPSEEK,
	  "{'prompt_cache_hit_tokens':64,'prompt_cache_miss_tokens':36,'completion_tokens':9}",
	  "input=36 cache_read=64 output=9", OBJECT, NULL },
	{ "DeepSeek in a stream", DEEPSEEK,
	  "[null,{'prompt_tokens':100,'completion_tokens':9,'total_tokens':109}]",
	  "input=100 output=9", STREAM, NULL },
	{ "DeepSeek: a prompt that hit and miss do not make", DEEPSEEK,
	  "{'prompt_tokens':100,'completion_tokens':9,'prompt_cache_hit_tokens':64,"
	  "'prompt_cache_miss_tokens':35}",
	  "identity: usage: prompt_cache_hit_tokens 64 + prompt_cache_miss_tokens 35 = 99, but "
	  "prompt_tokens is 100",
	  REFUSED, NULL },
	{ "DeepSeek: a mirror that differs", DEEPSEEK,
	  "{'prompt_tokens':100,'completion_tokens':9,'prompt_cache_hit_tokens':64,"
	  "'prompt_tokens_details':{'cached_tokens':63}}",
	  "identity: usage: cached_tokens 63 = 63, but prompt_cache_hit_tokens is 64", REFUSED,
	  NULL },
	{ "DeepSeek: another mirror that differs", DEEPSEEK,
	  "{'prompt_tokens':100,'completion_tokens':9,'prompt_cache_hit_tokens':64,"
	  "'cached_tokens':63}",
	  "identity: usage: cached_tokens 63 = 63, but cached_tokens is 64", REFUSED, NULL },
	{ "DeepSeek: the total", DEEPSEEK,
	  "{'prompt_tokens':100,'completion_tokens':9,'total_tokens':108}",
	  "identity: usage: prompt_tokens 100 + completion_tokens 9 = 109, but total_tokens is 108",
	  REFUSED, NULL },
	{ "Groq: timings are no counts", GROQ,
	  "{'prompt_tokens':5,'completion_tokens':6,'total_tokens':11,'queue_time':0.2,"
	  "'prompt_time':0.1,'completion_time':0.3,'total_time':1.5}",
	  "input=5 output=6", OBJECT, NULL },
	{ "Groq in a stream", GROQ, "[null,{'prompt_tokens':5,'completion_tokens':6}]",
	  "input=5 output=6", STREAM, NULL },
	{ "Groq: the total", GROQ, "{'prompt_tokens':5,'completion_tokens':6,'total_tokens':10}",
	  "identity: usage: prompt_tokens 5 + completion_tokens 6 = 11, but total_tokens is 10",
	  REFUSED, NULL },
	{ "Groq: mirrors", GROQ,
	  "{'prompt_tokens':9,'cached_tokens':4,'prompt_tokens_details':{'cached_tokens':3}}",
	  "identity: usage: cached_tokens 4 = 4, but cached_tokens is 3", REFUSED, NULL },
	{ "OpenRouter: reads, writes, searches, and costs that are no counts", OPENROUTER,
	  "{'prompt_tokens':1000,'completion_tokens':50,'total_tokens':1050,'cost':0.00492,"
	  "'is_byok':false,'prompt_tokens_details':{'cached_tokens':600,'cache_write_tokens':300,"
	  "'audio_tokens':0,'video_tokens':20},'cost_details':{'upstream_inference_cost':0.004},"
	  "'completion_tokens_details':{'reasoning_tokens':20,'image_tokens':0},"
	  "'server_tool_use_details':{'web_search_requests':2,'tool_calls_executed':2,"
	  "'tool_calls_requested':2}}",
	  "input=80 input_video=20 cache_read=600 cache_write=300 output=30 reasoning=20 "
	  "searches=2",
	  OBJECT, NULL },
	{ "OpenRouter: a tool that is billed and not counted", OPENROUTER,
	  "{'prompt_tokens':5,'completion_tokens':6,'server_tool_use_details':"
	  "{'web_search_requests':1,'tool_calls_executed':2}}",
	  "input=5 output=6 searches=1", OBJECT, "tool_calls_executed" },
	{ "OpenRouter: a cost that is no exact amount", OPENROUTER,
	  "{'prompt_tokens':5,'cost':0.0076509169000000005}", "input=5", OBJECT,
	  "(a cost that is no exact amount)" },
	{ "OpenRouter: a response out of its cache", OPENROUTER,
	  "{'prompt_tokens':0,'completion_tokens':0,'total_tokens':0,'cost':0}", "", OBJECT, NULL },
	{ "OpenRouter in a stream", OPENROUTER,
	  "[null,{'prompt_tokens':5,'completion_tokens':6,'total_tokens':11,'cost':0.1}]",
	  "input=5 output=6", STREAM, NULL },
	{ "OpenRouter: the total", OPENROUTER,
	  "{'prompt_tokens':5,'completion_tokens':6,'total_tokens':10}",
	  "identity: usage: prompt_tokens 5 + completion_tokens 6 = 11, but total_tokens is 10",
	  REFUSED, NULL },
	{ "OpenRouter: mirrors", OPENROUTER,
	  "{'prompt_tokens':9,'cached_tokens':4,'prompt_tokens_details':{'cached_tokens':3}}",
	  "identity: usage: cached_tokens 4 = 4, but cached_tokens is 3", REFUSED, NULL },
	{ "Perplexity: citations, reasoning and searches beside the totals", PERPLEXITY,
	  "{'prompt_tokens':14,'completion_tokens':200,'total_tokens':214,'citation_tokens':900,"
	  "'reasoning_tokens':7000,'num_search_queries':8,'search_context_size':'low',"
	  "'cost':{'total_cost':0.05}}",
	  "input=14 input_tool=900 output=200 reasoning=7000 searches=8", OBJECT, NULL },
	{ "Perplexity: reasoning in the details is inside the answer", PERPLEXITY,
	  "{'prompt_tokens':10,'completion_tokens':2,'total_tokens':12,'cached_tokens':4,"
	  "'completion_tokens_details':{'reasoning_tokens':1}}",
	  "input=6 cache_read=4 output=1 reasoning=1", OBJECT, NULL },
	{ "Perplexity: mirrors", PERPLEXITY,
	  "{'prompt_tokens':9,'cached_tokens':4,'prompt_tokens_details':{'cached_tokens':3}}",
	  "identity: usage: cached_tokens 4 = 4, but cached_tokens is 3", REFUSED, NULL },
	{ "Perplexity in a stream", PERPLEXITY,
	  "[{'prompt_tokens':8,'completion_tokens':1,'total_tokens':9},"
	  "{'prompt_tokens':8,'completion_tokens':5,'total_tokens':13}]",
	  "input=8 output=5", STREAM, NULL },
	{ "Perplexity: the total", PERPLEXITY,
	  "{'prompt_tokens':8,'completion_tokens':5,'total_tokens':14}",
	  "identity: usage: prompt_tokens 8 + completion_tokens 5 = 13, but total_tokens is 14",
	  REFUSED, NULL },
	{ "Ollama: the counts stand beside the timings", OLLAMA,
	  "{'prompt_eval_count':17,'eval_count':71,'total_duration':4218611084}",
	  "input=17 output=71", OBJECT, NULL },
	{ "Ollama in a stream", OLLAMA, "[{'done':false},{'prompt_eval_count':17,'eval_count':71}]",
	  "input=17 output=71", STREAM, NULL },
	{ "Ollama: two answers in one event", OLLAMA,
	  "[{'prompt_eval_count':17,'eval_count':71},{'prompt_eval_count':3,'eval_count':71}]",
	  "identity: usage: prompt_eval_count fell from 17 to 3: more than one response in one "
	  "event",
	  REFUSED, NULL },
	{ "Ollama without counts", OLLAMA, "{'done':true,'total_duration':42}",
	  "missing: usage: prompt_eval_count is missing", REFUSED, NULL },
	{ "vLLM: usage", VLLM, "{'prompt_tokens':5,'completion_tokens':6,'total_tokens':11}",
	  "input=5 output=6", OBJECT, NULL },
	{ "vLLM: usage twice, details only in the last", VLLM,
	  "[{'prompt_tokens':100,'completion_tokens':6,'total_tokens':106},"
	  "{'prompt_tokens':100,'completion_tokens':6,'total_tokens':106,'prompt_tokens_details':"
	  "{'cached_tokens':96}}]",
	  "input=4 cache_read=96 output=6", STREAM, NULL },
	{ "vLLM: the total", VLLM, "{'prompt_tokens':5,'completion_tokens':6,'total_tokens':10}",
	  "identity: usage: prompt_tokens 5 + completion_tokens 6 = 11, but total_tokens is 10",
	  REFUSED, NULL },
	{ "vLLM: mirrors", VLLM,
	  "{'prompt_tokens':9,'cached_tokens':4,'prompt_tokens_details':{'cached_tokens':3}}",
	  "identity: usage: cached_tokens 4 = 4, but cached_tokens is 3", REFUSED, NULL },
	{ NULL, NULL, NULL, NULL, OBJECT, NULL },
};
