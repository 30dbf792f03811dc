// The page's pure parts, tested without a browser. Paths are from the root of the checkout.
export default {
  test: {
    globals: true,
    include: ["tests/page/unit/*.test.ts"],
    environment: "node",
    watch: false,
    fileParallelism: false,
  },
};
