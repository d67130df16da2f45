#pragma once
#include <yaml.h>

/// One libyaml event without its union: Swift reads plain fields.
typedef struct {
  int type;
  size_t line, column, end_line, end_column;
  const char *anchor;
  const char *tag;
  const char *value;
  size_t length;
  int plain;   // an unquoted scalar
  int literal; // a block scalar (| or >)
} shim_yaml_event;

static inline int shim_yaml_next(yaml_parser_t *parser, yaml_event_t *event, shim_yaml_event *out) {
  if (!yaml_parser_parse(parser, event)) return 0;
  out->type = event->type;
  out->line = event->start_mark.line;
  out->column = event->start_mark.column;
  out->end_line = event->end_mark.line;
  out->end_column = event->end_mark.column;
  out->anchor = out->tag = out->value = 0;
  out->length = 0;
  out->plain = out->literal = 0;
  switch (event->type) {
  case YAML_SCALAR_EVENT:
    out->anchor = (const char *)event->data.scalar.anchor;
    out->tag = (const char *)event->data.scalar.tag;
    out->value = (const char *)event->data.scalar.value;
    out->length = event->data.scalar.length;
    out->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    out->literal = event->data.scalar.style == YAML_LITERAL_SCALAR_STYLE ||
                   event->data.scalar.style == YAML_FOLDED_SCALAR_STYLE;
    break;
  case YAML_SEQUENCE_START_EVENT:
    out->anchor = (const char *)event->data.sequence_start.anchor;
    out->tag = (const char *)event->data.sequence_start.tag;
    break;
  case YAML_MAPPING_START_EVENT:
    out->anchor = (const char *)event->data.mapping_start.anchor;
    out->tag = (const char *)event->data.mapping_start.tag;
    break;
  case YAML_ALIAS_EVENT:
    out->anchor = (const char *)event->data.alias.anchor;
    break;
  default:
    break;
  }
  return 1;
}
