// What jemalloc is told; it looks for a variable of this name. Memory that was freed goes back to
// the system after its usual ten seconds also when the threads that freed it sleep: a server that
// took in millions of tasks is then nearly as small again as before. Blocks of up to 64 KiB, such
// as a write's, stay with the thread that freed them.
namespace kwq::app {

extern "C" {
// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): its name and type
extern const char* malloc_conf;
const char* malloc_conf = "background_thread:true,tcache_max:65536";
}

}  // namespace kwq::app
