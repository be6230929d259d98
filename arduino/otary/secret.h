
// What shows the server that this device is one of the product's. Whoever has the sketch or the
// image has it too: keep both to yourself.
#define UPDATE_SECRET "<THE-SECRET>"
