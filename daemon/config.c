#include "daemon/config.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/json.h"
#include "daemon/log.h"

struct setting {
	const char *key, *help;
	bool is_text;
	int index; /* into config.text or config.number */
	const char *text;
	int64_t number, min, max;
};

static const struct setting settings[] = {
#define T(NAME, key, value, help) { key, help, true, SETTING_##NAME, value, 0, 0, 0 },
#define N(NAME, key, value, min, max, help)                                                        \
	{ key, help, false, SETTING_##NAME, NULL, value, min, max },
#include "daemon/settings.def"
#undef T
#undef N
};

enum { SOCKET_PATH_BYTES_MAX = sizeof(((struct sockaddr_un *)0)->sun_path) - 1 };

enum { NEAREST_BYTES = 64, SETTING_COUNT = sizeof(settings) / sizeof(settings[0]) };

void config_defaults(struct config *config_out)
{
	*config_out = (struct config){ .check_only = false };
	for (int i = 0; i < SETTING_COUNT; i++) {
		if (settings[i].is_text)
			text_copy(config_out->text[settings[i].index], CONFIG_TEXT_BYTES,
			          text_of(settings[i].text));
		else
			config_out->number[settings[i].index] = settings[i].number;
	}
}

/* A key of the file, or a flag, where '-' stands for '_'. */
static const struct setting *find_setting(struct text key, bool flag)
{
	for (int i = 0; i < SETTING_COUNT; i++) {
		size_t n = 0, len = strlen(settings[i].key);

		while (n < len && n < key.len &&
		       key.at[n] == (flag && settings[i].key[n] == '_' ? '-' : settings[i].key[n]))
			n++;
		if (n == len && n == key.len)
			return &settings[i];
	}
	return NULL;
}

/*
 * "; did you mean linger_ms?": the known key that shares the longest beginning with a wrong
 * one, as a flag where that is meant; nothing where hardly a letter is shared.
 */
static void put_nearest(struct text key, bool flag, char out[NEAREST_BYTES])
{
	enum { SHARED_MIN = 2 };
	const char *best = NULL;
	size_t best_len = SHARED_MIN - 1;

	for (int i = 0; i < SETTING_COUNT; i++) {
		size_t n = 0;

		while (n < key.len && settings[i].key[n] != '\0' &&
		       (key.at[n] == settings[i].key[n] ||
		        (key.at[n] == '-' && settings[i].key[n] == '_')))
			n++;
		if (n > best_len) {
			best_len = n;
			best = settings[i].key;
		}
	}
	out[0] = '\0';
	if (best == NULL)
		return;
	snprintf(out, NEAREST_BYTES, "; did you mean %s%s?", flag ? "--" : "", best);
	for (char *c = out; flag && *c != '\0'; c++) {
		if (*c == '_')
			*c = '-';
	}
}

/* `name` is how the user wrote it: "--linger-ms", "FILE: line 3: linger_ms". */
static int set_text(struct config *config, const struct setting *setting, struct text value,
                    const char *name, struct fault *fault)
{
	enum log_level level;

	if (value.len >= CONFIG_TEXT_BYTES || !text_plain(value))
		return fault_set(fault, FAULT_INVALID,
		                 "%s: \"%.*s\": a text of at most %d bytes without control "
		                 "characters is due",
		                 name, value.len > 64 ? 64 : (int)value.len, value.at,
		                 CONFIG_TEXT_BYTES - 1);
	if ((setting->index == SETTING_SOCKET || setting->index == SETTING_CONTROL) &&
	    value.len > SOCKET_PATH_BYTES_MAX)
		return fault_set(fault, FAULT_INVALID,
		                 "%s: \"%.*s\" is longer than a socket's path can be, %d bytes",
		                 name, TEXT_ARGS(value), SOCKET_PATH_BYTES_MAX);
	if (setting->index == SETTING_LOG_LEVEL && !log_level_find(value, &level))
		return fault_set(fault, FAULT_INVALID,
		                 "%s: \"%.*s\" is not error, warning, info or debug", name,
		                 value.len > 64 ? 64 : (int)value.len, value.at);
	text_copy(config->text[setting->index], CONFIG_TEXT_BYTES, value);
	return 0;
}

static int set_number(struct config *config, const struct setting *setting, struct text value,
                      const char *name, struct fault *fault)
{
	int64_t number;

	if (!text_int(value, &number) || number < setting->min || number > setting->max)
		return fault_set(fault, FAULT_INVALID,
		                 "%s: \"%.*s\" is not a whole number from %lld to %lld", name,
		                 value.len > 64 ? 64 : (int)value.len, value.at,
		                 (long long)setting->min, (long long)setting->max);
	config->number[setting->index] = number;
	return 0;
}

static const char *const type_names[] = {
	[JSON_NULL] = "null",        [JSON_FALSE] = "false",     [JSON_TRUE] = "true",
	[JSON_NUMBER] = "a number",  [JSON_STRING] = "a string", [JSON_ARRAY] = "an array",
	[JSON_OBJECT] = "an object",
};

static int set_member(struct config *config, const struct json *doc, struct text json, uint32_t key,
                      const char *path, struct fault *fault)
{
	const struct json_node *value = &doc->nodes[key + 1];
	const struct setting *setting = find_setting(doc->nodes[key].text, false);
	char where[CONFIG_TEXT_BYTES], name[CONFIG_TEXT_BYTES + 64], nearest[NEAREST_BYTES];
	unsigned line = json_line(json, value->position);
	int r;

	if (text_is(doc->nodes[key].text, "feeds"))
		return config_feeds_read(&config->feeds, doc, json, key + 1, path, fault);
	snprintf(where, sizeof(where), "%s: line %u: ", path, line);
	if (setting == NULL) {
		put_nearest(doc->nodes[key].text, false, nearest);
		return fault_set(fault, FAULT_INVALID, "%sno setting \"%.*s\"%s", where,
		                 TEXT_ARGS(doc->nodes[key].text), nearest);
	}
	snprintf(name, sizeof(name), "%s%s", where, setting->key);
	if (setting->is_text) {
		if (value->type != JSON_STRING)
			return fault_set(
				fault, FAULT_INVALID, "%s: a string is due, not %s%s%.*s", name,
				type_names[value->type], value->type == JSON_NUMBER ? " " : "",
				TEXT_ARGS(value->type == JSON_NUMBER ? value->text : text_of("")));
		r = set_text(config, setting, value->text, name, fault);
		config->line[setting->index] = line;
		return r;
	}
	if (value->type != JSON_NUMBER && value->type != JSON_STRING)
		return fault_set(fault, FAULT_INVALID,
		                 "%s: a whole number from %lld to %lld is due, not %s", name,
		                 (long long)setting->min, (long long)setting->max,
		                 type_names[value->type]);
	if (value->type == JSON_STRING)
		return fault_set(fault, FAULT_INVALID,
		                 "%s: \"%.*s\" is not a whole number from %lld to %lld (no quotes)",
		                 name, value->text.len > 64 ? 64 : (int)value->text.len,
		                 value->text.at, (long long)setting->min, (long long)setting->max);
	return set_number(config, setting, value->text, name, fault);
}

int config_read_file(struct config *config, const char *path, struct fault *fault)
{
	struct buf bytes = { .at = NULL };
	struct json doc = { .nodes = NULL };
	struct fault inner = { .code = FAULT_NONE };
	int r = buf_read_file(&bytes, path, CONFIG_BYTES_MAX, fault);

	config->path = path;
	if (r < 0)
		goto out;
	r = json_parse(&doc, buf_text(&bytes), &inner);
	if (r < 0)
		r = fault_set(fault, inner.code, "%s: %s", path, inner.text);
	else if (json_type_of(&doc, 0) != JSON_OBJECT)
		r = fault_set(fault, FAULT_INVALID, "%s: line 1: an object of settings is due",
		              path);
	for (uint32_t k = r == 0 ? json_first(&doc, 0) : JSON_NONE; r == 0 && k != JSON_NONE;
	     k = json_next(&doc, 0, k))
		r = set_member(config, &doc, buf_text(&bytes), k, path, fault);
out:
	json_release(&doc);
	buf_release(&bytes);
	return r;
}

/* "--key value" or "--key=value"; *next is moved behind what was taken. */
static int read_flag(struct config *config, int argc, char **argv, int *next, struct fault *fault)
{
	struct text rest = text_of(argv[*next]), key, value;
	const struct setting *setting;
	char name[64], nearest[NEAREST_BYTES];

	if (rest.len < 3 || strncmp(rest.at, "--", 2) != 0)
		return fault_set(fault, FAULT_INVALID, "%s: an option is due; see tolld --help",
		                 argv[*next]);
	rest = (struct text){ rest.at + 2, rest.len - 2 };
	text_cut(&rest, '=', &key);
	setting = find_setting(key, true);
	if (setting == NULL) {
		put_nearest(key, true, nearest);
		return fault_set(fault, FAULT_INVALID, "--%.*s: no such option%s%s", TEXT_ARGS(key),
		                 nearest, nearest[0] == '\0' ? "; see tolld --help" : "");
	}
	value = rest;
	if (value.at == NULL) {
		if (*next + 1 >= argc)
			return fault_set(fault, FAULT_INVALID, "--%.*s: a value is due",
			                 TEXT_ARGS(key));
		value = text_of(argv[++*next]);
	}
	++*next;
	snprintf(name, sizeof(name), "--%.*s", TEXT_ARGS(key));
	if (setting->is_text)
		config->line[setting->index] = 0;
	return setting->is_text ? set_text(config, setting, value, name, fault)
	                        : set_number(config, setting, value, name, fault);
}

/* The file comes first, wherever --config stands, so that flags win over it. */
static int read_config_option(struct config *config, int argc, char **argv, struct fault *fault)
{
	for (int i = 1; i < argc; i++) {
		const char *path = NULL;
		int r;

		if (strcmp(argv[i], "--config") == 0 && i + 1 < argc)
			path = argv[i + 1];
		else if (strncmp(argv[i], "--config=", 9) == 0)
			path = argv[i] + 9;
		else
			continue;
		r = config_read_file(config, path, fault);
		if (r < 0)
			return r;
	}
	return 0;
}

void config_where(const struct config *config, enum setting_text setting,
                  char out[CONFIG_WHERE_BYTES])
{
	const char *key = "";

	for (int i = 0; i < SETTING_COUNT; i++) {
		if (settings[i].is_text && settings[i].index == (int)setting)
			key = settings[i].key;
	}
	if (config->line[setting] != 0)
		snprintf(out, CONFIG_WHERE_BYTES, "%.1024s: line %u: %s", config->path,
		         config->line[setting], key);
	else
		snprintf(out, CONFIG_WHERE_BYTES, "%s", key);
}

int config_complete(struct config *config, struct fault *fault)
{
	char *control = config->text[SETTING_CONTROL];
	const char *socket = config->text[SETTING_SOCKET], *slash = strrchr(socket, '/');
	char where[CONFIG_WHERE_BYTES];

	if (config->text[SETTING_LEDGER][0] == '\0' || socket[0] == '\0') {
		config_where(config, socket[0] == '\0' ? SETTING_SOCKET : SETTING_LEDGER, where);
		return fault_set(fault, FAULT_INVALID, "%s: \"\": a path is due", where);
	}
	if (control[0] == '\0')
		snprintf(control, CONFIG_TEXT_BYTES, "%.*s%scontrol.sock",
		         slash != NULL ? (int)(slash - socket) : 0, socket,
		         slash != NULL ? "/" : "");
	config_where(config, SETTING_CONTROL, where);
	if (strlen(control) > SOCKET_PATH_BYTES_MAX)
		return fault_set(fault, FAULT_INVALID,
		                 "%s: \"%s\" is longer than a socket's path can be, %d bytes",
		                 where, control, SOCKET_PATH_BYTES_MAX);
	if (strcmp(control, socket) == 0)
		return fault_set(fault, FAULT_INVALID, "%s: \"%s\": the same path as socket", where,
		                 control);
	if (config_feeds_apart(&config->feeds, config->path, socket, "socket", fault) < 0 ||
	    config_feeds_apart(&config->feeds, config->path, control, "control", fault) < 0)
		return -FAULT_INVALID;
	return 0;
}

int config_read(struct config *config_out, int argc, char **argv, enum config_action *action_out,
                struct fault *fault)
{
	int r;

	config_defaults(config_out);
	*action_out = CONFIG_RUN;
	r = read_config_option(config_out, argc, argv, fault);
	for (int i = 1; r == 0 && i < argc;) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			*action_out = CONFIG_HELP;
			return 0;
		}
		if (strcmp(argv[i], "--version") == 0) {
			*action_out = CONFIG_VERSION;
			return 0;
		}
		if (strcmp(argv[i], "--check-config") == 0) {
			config_out->check_only = true;
			i++;
		} else if (strcmp(argv[i], "--config") == 0) {
			if (i + 1 >= argc)
				r = fault_set(fault, FAULT_INVALID, "--config: a file is due");
			i += 2;
		} else if (strncmp(argv[i], "--config=", 9) == 0) {
			i++;
		} else {
			r = read_flag(config_out, argc, argv, &i, fault);
		}
	}
	return r < 0 ? r : config_complete(config_out, fault);
}

void config_help(struct buf *out)
{
	for (int i = 0; i < SETTING_COUNT; i++) {
		char flag[64];

		snprintf(flag, sizeof(flag), "--%s", settings[i].key);
		for (char *c = flag; *c != '\0'; c++) {
			if (*c == '_')
				*c = '-';
		}
		buf_addf(out, "  %-21s ", flag);
		if (settings[i].is_text && settings[i].text[0] != '\0')
			buf_addf(out, "%s (%s)\n", settings[i].help, settings[i].text);
		else if (settings[i].is_text)
			buf_addf(out, "%s\n", settings[i].help);
		else
			buf_addf(out, "%s (%lld)\n", settings[i].help,
			         (long long)settings[i].number);
	}
}
