"""The words that may be told of another server's refusal: names of fields, and words of rules and of figures."""

from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


FIELDS: Final = _words("""
    add_generation_prompt additionalProperties arguments bot_name bot_setting content continue_final_message
    dimensions encoding_format frequency_penalty function function_call functions glyph grammar guided_grammar
    guided_json include_usage input items json_object json_properties json_schema mask_sensitive_info maxItems
    maxLength max_completion_tokens max_output_tokens max_tokens messages model name parallel_tool_calls
    parameters parameters_str pattern plugins presence_penalty properties raw_glyph reply_constraints required
    response_format role sample_messages schema seed sender_name sender_type stop stream stream_options
    structured_outputs system temperature text texts tokens_to_generate tool tool_call_id tool_calls tool_choice
    tools top_k top_p type user
""")
"""names on the wire, of all dialects that are spoken to other servers"""

RULES: Final = _words("""
    a above accepted across additional all allowed already also alternate always an and any are argument arguments
    array assistant at audio auto available be before below beside between body boolean both bounds but by call
    called calls can cannot chat choice combination combined completion completions constraint constraints contain
    contains could custom deep deeply deprecated did do does each either empty enabled endpoint enforced enum
    equal error exactly exceed exceeds expected extra failed feature field fields first flag follow following for
    format found from function functions given got grammar greater guided has have higher ids image images
    implemented in inclusive initialize input instead integer invalid is it its json key keyword keywords large
    last least length less limit list log logprobs long longer lower malformed many max maximum message messages
    min minimum missing modality mode model model's more most multi-modal multimodal must name named needs
    negative nested non-negative none not null number object of on one only option or order out output outside
    parallel param parameter parameters params parse parser pattern per permitted positive prefix prompt
    properties property provide provided range recursive ref regex remove repeated request require required
    requires response role roles root same sampler samplers sampling schema schemas set short should slot small
    smaller stop stream strict string strings supplied support supported supports system template text than that
    the them then this to together token tokens too tool tools twice type types unexpected unknown unless
    unrecognized unsupported up use used user uses valid validation value values vision when where which while
    with within without yet you your zero
""")
"""what rules are made of, in small letters"""

FLAGS: Final = _words("--enable-auto-tool-choice --jinja --reasoning-parser --tool-call-parser")
"""what an operator is told to start that server with"""

BEFORE_FIGURES: Final = _words(
    "above and at below between exceed exceeds least less limit maximum minimum most than to"
)
"""behind which a figure belongs to a rule"""
