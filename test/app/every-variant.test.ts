// One file, and so one process: all of these look at the same apps, and making each of those takes a quarter of a second.
import './every-variant/cost';
import './every-variant/environment';
import './every-variant/least-privilege';
import './every-variant/regions';
import './every-variant/seed-tests';
import './every-variant/stateful-inventory';
